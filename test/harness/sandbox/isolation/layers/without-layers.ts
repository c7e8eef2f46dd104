import { BubblewrapDriver } from '../../../../../harness/sandbox/isolation/bubblewrap.ts'
import {
  findProgram,
  type IsolationDriver,
  type LaunchPlan,
} from '../../../../../harness/sandbox/isolation/driver.ts'
import { isRoot } from '../../../../../harness/sandbox/isolation/probe.ts'
import {
  type RuntimeFiles,
  UNPRIVILEGED_ID,
} from '../../../../../harness/sandbox/isolation/runtime-files.ts'
import type { SealSettings } from '../../../../../harness/sandbox/isolation/self-seal.ts'

/** The layers around the engine that can be taken away one by one. */
export const REMOVABLE_LAYERS = [
  'seccomp',
  'namespaces',
  'landlock',
  'node-permission',
  'uid-drop',
  'rlimits',
] as const

export type RemovableLayer = (typeof REMOVABLE_LAYERS)[number]

// One instruction: everything is allowed.
const ALLOW_ALL = Buffer.from([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]).toString('base64')
// Bubblewrap itself cannot do without a user and a mount namespace.
const OPEN_ROOT = ['--unshare-user', '--dev-bind', '/', '/', '--die-with-parent', '--new-session']

/**
 * The strongest driver of the package with layers taken away. Never part of the package: this is how
 * it is found out what each layer is good for.
 *
 * @throws {Error} On a host where the strongest driver is another one: it would prove nothing.
 */
export class WeakenedDriver implements IsolationDriver {
  readonly name: string
  readonly #strongest: IsolationDriver
  readonly #program: string
  readonly #removed: ReadonlySet<RemovableLayer>

  constructor(removed: readonly RemovableLayer[]) {
    const program = findProgram('bwrap')
    const { arch } = process
    if (program === null || (arch !== 'x64' && arch !== 'arm64')) throw new Error('No bubblewrap')
    this.name = removed.length === 0 ? 'all layers' : `without ${removed.join(', ')}`
    this.#program = program
    this.#removed = new Set(removed)
    this.#strongest = new BubblewrapDriver({
      program,
      limiter: findProgram('prlimit'),
      architecture: arch,
      canSeal: true,
      userId: isRoot() ? UNPRIVILEGED_ID : null,
    })
  }

  plan(files: RuntimeFiles): LaunchPlan {
    const plan = this.#strongest.plan(files)
    const isGone = (layer: RemovableLayer): boolean => this.#removed.has(layer)
    const words = [plan.command, ...plan.args]
    const bubblewrapAt = words.indexOf(this.#program)
    const nodeAt = words.findIndex(
      (word, at) => word === files.node && words[at + 1] === '--permission',
    )
    const limits = words.slice(0, bubblewrapAt)
    const node = words.slice(nodeAt)
    const isJailed = !isGone('namespaces') || !isGone('seccomp')
    const [command = '', ...args] = [
      ...(isGone('rlimits') ? [] : limits),
      ...(isJailed ? this.#jail(words.slice(bubblewrapAt, nodeAt)) : []),
      ...(isGone('node-permission') ? withoutPermissions(node) : node),
    ]
    const { filter, userId } = plan
    return {
      command,
      args,
      ...(filter !== undefined && !isGone('seccomp') && { filter }),
      ...(userId !== undefined && !isGone('uid-drop') && { userId }),
      reportsPid: isJailed,
      seal: isGone('landlock') ? null : this.#seal(plan.seal),
    }
  }

  #jail(words: readonly string[]): string[] {
    const info = ['--info-fd', '5']
    const filter = this.#removed.has('seccomp') ? [] : ['--seccomp', '4']
    if (this.#removed.has('namespaces')) {
      const rest = ['--cap-drop', 'ALL', '--clearenv', '--chdir', '/']
      return [this.#program, ...OPEN_ROOT, ...rest, ...info, ...filter]
    }
    return [...words.slice(0, words.indexOf('--info-fd')), ...info, ...filter]
  }

  #seal(seal: SealSettings | null): SealSettings | null {
    if (seal === null) return null
    return {
      ...seal,
      ...(this.#removed.has('seccomp') && { filter: ALLOW_ALL }),
      ...(this.#removed.has('rlimits') && { limits: [] }),
    }
  }
}

function withoutPermissions(words: readonly string[]): string[] {
  return words.filter((word) => word !== '--permission' && !word.startsWith('--allow-'))
}

/** A driver with one layer of the package's alone. */
export function driverWithOnly(layer: RemovableLayer): IsolationDriver {
  return new WeakenedDriver(REMOVABLE_LAYERS.filter((other) => other !== layer))
}
