import type { IsolationDriver, LaunchPlan } from './driver.ts'
import { nodeFlags } from './node-permission.ts'
import { type RuntimeFiles, UNPRIVILEGED_ID } from './runtime-files.ts'
import { sealOptions } from './sealing.ts'
import { assembleSeccompFilter } from './seccomp-filter.ts'
import type { FilterArchitecture } from './syscall-numbers.ts'

const FILTER_DESCRIPTOR = 4
const INFO_DESCRIPTOR = 5

/** What the bubblewrap driver is made with. */
export interface BubblewrapOptions {
  /** Path of `bwrap`. */
  readonly program: string
  /** Path of `prlimit`, or null without resource limits from outside. */
  readonly limiter: string | null
  readonly architecture: FilterArchitecture
  /** Whether the child seals itself on top. */
  readonly canSeal: boolean
  /** The user to become before anything else, when the host is root. */
  readonly userId: number | null
}

/**
 * Starts the child with bubblewrap: namespaces of its own, a read-only root that holds nothing but
 * Node and the child's code, no capabilities, no new privileges, and a system-call filter that stands
 * before Node starts.
 */
export class BubblewrapDriver implements IsolationDriver {
  readonly name: string
  readonly #options: BubblewrapOptions
  readonly #filter: Buffer

  constructor(options: BubblewrapOptions) {
    this.name = options.canSeal ? 'bwrap+self-seal' : 'bwrap'
    this.#options = options
    this.#filter = assembleSeccompFilter('jail', options.architecture)
  }

  plan(files: RuntimeFiles): LaunchPlan {
    const { program, limiter, canSeal, architecture, userId } = this.#options
    const bubblewrap = [
      program,
      ...jailArguments(files),
      files.node,
      ...nodeFlags(files, canSeal),
      files.entry,
    ]
    const limits = ['--core=0', '--fsize=0', '--nofile=64', '--memlock=0', '--msgqueue=0']
    const [command = program, ...args] =
      limiter === null ? bubblewrap : [limiter, ...limits, ...bubblewrap]
    return {
      command,
      args,
      // Root has to go before bubblewrap starts: inside, another user id is only a label, and to
      // the files of the host the process would still be root.
      ...(userId !== null && { userId }),
      filter: this.#filter,
      reportsPid: true,
      seal: canSeal ? sealOptions(architecture, files) : null,
    }
  }
}

function jailArguments(files: RuntimeFiles): string[] {
  const namespaces = ['user', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(
    (name) => `--unshare-${name}`,
  )
  const id = String(UNPRIVILEGED_ID)
  const binds = [files.node, ...files.code].flatMap((path) => ['--ro-bind', path, path])
  const libraries = files.libraries.flatMap(({ path, file }) => ['--ro-bind', file, path])
  return [
    ...namespaces,
    ...['--disable-userns', '--die-with-parent', '--new-session', '--as-pid-1'],
    // With a time zone in the environment nobody loads the locale data to find out: 10 ms of CPU time.
    ...['--cap-drop', 'ALL', '--clearenv', '--setenv', 'TZ', 'UTC', '--hostname', 'sandbox'],
    ...['--uid', id, '--gid', id],
    ...binds,
    ...libraries,
    ...['--remount-ro', '/', '--chdir', '/'],
    ...['--info-fd', String(INFO_DESCRIPTOR), '--seccomp', String(FILTER_DESCRIPTOR)],
  ]
}
