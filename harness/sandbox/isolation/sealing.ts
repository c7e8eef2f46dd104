import type { SealOptions } from '../rpc-message.ts'
import type { IsolationDriver, LaunchPlan } from './driver.ts'
import { nodeFlags } from './node-permission.ts'
import type { RuntimeFiles } from './runtime-files.ts'
import { assembleSeccompFilter } from './seccomp-filter.ts'
import type { FilterArchitecture } from './syscall-numbers.ts'

/** What a child is given to seal itself with. */
export function sealOptions(architecture: FilterArchitecture, files: RuntimeFiles): SealOptions {
  const filter = assembleSeccompFilter('sealed', architecture).toString('base64')
  return { filter, knownFile: files.entry }
}

/** Starts a plain Node that seals itself before it is ready: needs Node 26 and nothing else. */
export class SelfSealDriver implements IsolationDriver {
  readonly name = 'self-seal'
  readonly #architecture: FilterArchitecture
  readonly #userId: number | null

  constructor(architecture: FilterArchitecture, userId: number | null) {
    this.#architecture = architecture
    this.#userId = userId
  }

  plan(files: RuntimeFiles): LaunchPlan {
    return {
      command: files.node,
      args: [...nodeFlags(files, true), files.entry],
      ...(this.#userId !== null && { userId: this.#userId }),
      reportsPid: false,
      seal: sealOptions(this.#architecture, files),
    }
  }
}

/** Starts a plain Node under its permission model: what every platform has, and no more. */
export class ProcessDriver implements IsolationDriver {
  readonly name = 'process'
  readonly #userId: number | null

  constructor(userId: number | null) {
    this.#userId = userId
  }

  plan(files: RuntimeFiles): LaunchPlan {
    return {
      command: files.node,
      args: [...nodeFlags(files, false), files.entry],
      ...(this.#userId !== null && { userId: this.#userId }),
      reportsPid: false,
      seal: null,
    }
  }
}
