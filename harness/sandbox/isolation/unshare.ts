import { findProgram, type IsolationDriver, type LaunchPlan } from './driver.ts'
import { nodeFlags } from './node-permission.ts'
import { type RuntimeFiles, UNPRIVILEGED_ID } from './runtime-files.ts'
import { sealOptions } from './sealing.ts'
import type { FilterArchitecture } from './syscall-numbers.ts'

const TOOLS = ['unshare', 'setpriv', 'prlimit', 'mount', 'sh'] as const

/** Where the programs lie that {@link UnshareDriver} starts, of util-linux 2.36 or newer. */
export type UnshareTools = Readonly<Record<(typeof TOOLS)[number], string>>

/** What the unshare driver is made with. */
export interface UnshareOptions {
  readonly tools: UnshareTools
  readonly architecture: FilterArchitecture
  /** Whether the child seals itself on top. */
  readonly canSeal: boolean
  /** The user to become before anything else, when the host is root. */
  readonly userId: number | null
}

/** Finds the programs that {@link UnshareDriver} needs, or null when one is missing. */
export function findUnshareTools(): UnshareTools | null {
  const found = TOOLS.map((name) => [name, findProgram(name)] as const)
  return found.every(([, path]) => path !== null)
    ? (Object.fromEntries(found) as UnshareTools)
    : null
}

// Waits outside the new process-id namespace, so what it starts first is the program's process and it
// knows that by the id which the host uses. It ends as the program ends: with 128 and the signal.
// (`unshare --fork` of util-linux 2.38 forgets the signal when the program is killed.)
const MONITOR = `"$@" 5>&- &
printf '{"child-pid": %s}' "$!" >&5
exec 3>&- 5>&-
wait "$!"
`

// Has the rights of root in the new user namespace and nowhere else. The read-only mounts matter where
// the files belong to the user who runs the program. The second user namespace is what takes all
// rights away, over the mounts of the first one too; who lives under another root directory cannot
// make a third.
const ENTER = `set -e
mount=$1 unshare=$2 id=$3 root=$4 node=$5
shift 4
export TZ=UTC
"$mount" -n --bind -o ro,nosuid,nodev "$root" "$root"
"$mount" -n --bind -o ro,nosuid,nodev "$node" "$root$node"
exec "$unshare" --user --map-user="$id" --map-group="$id" --root "$root" --wd / "$@"
`

/**
 * Starts the child with the tools of util-linux: namespaces of its own, a read-only root that holds
 * nothing but Node and the child's code, no capabilities, no new privileges. There is no system-call
 * filter but the one that the child may install itself.
 */
export class UnshareDriver implements IsolationDriver {
  readonly name: string
  readonly #options: UnshareOptions

  constructor(options: UnshareOptions) {
    this.name = options.canSeal ? 'unshare+self-seal' : 'unshare'
    this.#options = options
  }

  plan(files: RuntimeFiles): LaunchPlan {
    const { tools, canSeal, architecture, userId } = this.#options
    const namespaces = ['user', 'mount', 'net', 'ipc', 'uts', 'cgroup', 'pid']
    const root = files.minimalRoot()
    return {
      command: tools.prlimit,
      args: [
        ...['--core=0', '--fsize=0', '--nofile=64', '--memlock=0', '--msgqueue=0'],
        ...[tools.setpriv, '--no-new-privs', '--pdeathsig', 'KILL'],
        ...[tools.unshare, ...namespaces.map((name) => `--${name}`)],
        ...['--map-root-user', tools.sh, '-c', MONITOR, 'sh'],
        ...[tools.setpriv, '--pdeathsig', 'KILL', tools.sh, '-c', ENTER, 'sh'],
        ...[tools.mount, tools.unshare, `${UNPRIVILEGED_ID}`, root],
        ...[files.node, ...nodeFlags(files, canSeal), files.entry],
      ],
      // Root has to go first: inside, another user id is only a label.
      ...(userId !== null && { userId }),
      reportsPid: true,
      seal: canSeal ? sealOptions(architecture, files) : null,
    }
  }
}
