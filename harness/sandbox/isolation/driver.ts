import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { SealOptions } from '../rpc-message.ts'
import type { RuntimeFiles } from './runtime-files.ts'

/** How to start one sandbox process. */
export interface LaunchPlan {
  readonly command: string
  readonly args: readonly string[]
  /** User and group to run as; absent when the host's own are kept. */
  readonly userId?: number
  /** A system-call filter that the command reads from descriptor 4. */
  readonly filter?: Buffer
  /** True when the command reports the real process id as JSON on descriptor 5. */
  readonly reportsPid: boolean
  /** What the child needs to seal itself; null when it does not. */
  readonly seal: SealOptions | null
}

/** One way to start a sandbox process. What it really achieves is verified on the running process. */
export interface IsolationDriver {
  /** For people, for example `bwrap+self-seal`. */
  readonly name: string
  plan(files: RuntimeFiles): LaunchPlan
}

/** Finds a program in the host's `PATH`. */
export function findProgram(name: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue
    const path = join(directory, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this directory: the next one is asked.
    }
  }
  return null
}
