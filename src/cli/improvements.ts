import type { IsolationFacts, IsolationLayer } from '../../harness/index.ts'
import type { HostFacts } from './host-facts.ts'

/** Something that would give this host layers it does not have. */
export interface Improvement {
  readonly layers: readonly IsolationLayer[]
  /** What to do, in plain words. */
  readonly advice: string
  /** What to type for it; null where that depends on more than can be seen from here. */
  readonly command: string | null
}

/** Layers that need a jail around the process, or, some of them, a Node that can seal itself. */
const OF_A_JAIL: readonly IsolationLayer[] = ['namespaces', 'read-only-root']
const OF_A_JAIL_OR_SEAL: readonly IsolationLayer[] = ['seccomp', 'no-new-privs', 'rlimits']

const INSTALL: Readonly<Record<string, string>> = {
  debian: 'apt-get install bubblewrap',
  ubuntu: 'apt-get install bubblewrap',
  fedora: 'dnf install bubblewrap',
  rhel: 'dnf install bubblewrap',
  suse: 'zypper install bubblewrap',
  opensuse: 'zypper install bubblewrap',
  arch: 'pacman -S bubblewrap',
  alpine: 'apk add bubblewrap',
}

/** The value of each setting that lets ordinary users make namespaces. */
const OPEN_SETTINGS: Readonly<Record<string, string>> = {
  'kernel.unprivileged_userns_clone': '1',
  'kernel.apparmor_restrict_unprivileged_userns': '0',
}

/** Says what would give a host the layers that its children lack, the most useful first. */
export function improvementsOf(facts: IsolationFacts, host: HostFacts): Improvement[] {
  const lacks = (layers: readonly IsolationLayer[]): IsolationLayer[] =>
    layers.filter((layer) => facts.missing.some((missing) => missing.layer === layer))
  const improvements = [
    jail(lacks([...OF_A_JAIL, ...OF_A_JAIL_OR_SEAL]), host),
    seal(lacks(['landlock']), host),
    user(lacks(['uid-drop', 'no-capabilities']), host),
  ]
  return improvements.filter((improvement) => improvement !== null)
}

function jail(layers: readonly IsolationLayer[], host: HostFacts): Improvement | null {
  if (layers.length === 0) return null
  if (host.platform !== 'linux') {
    const advice = 'Run the host on Linux: this system has nothing of the kind'
    return { layers, advice, command: null }
  }
  if (!host.hasBubblewrap) {
    const known = host.distributions.find((name) => Object.hasOwn(INSTALL, name))
    const command = known === undefined ? null : asRoot(INSTALL[known] ?? '', host)
    return { layers, advice: 'Install bubblewrap', command }
  }
  return namespaces(layers, host)
}

function namespaces(layers: readonly IsolationLayer[], host: HostFacts): Improvement {
  const closed = Object.entries(OPEN_SETTINGS).find(([name, open]) => {
    const value = host.settings[name]
    return value !== undefined && value !== open
  })
  if (closed !== undefined) {
    const command = asRoot(`sysctl -w ${closed[0]}=${closed[1]}`, host)
    return { layers, advice: 'Allow ordinary users to make namespaces', command }
  }
  if (host.settings['user.max_user_namespaces'] === '0') {
    const command = asRoot('sysctl -w user.max_user_namespaces=15000', host)
    return { layers, advice: 'Allow namespaces of users', command }
  }
  const advice =
    'Bubblewrap is there and cannot make namespaces: allow them where this host is started (a ' +
    'container engine forbids them by its system-call filter)'
  return { layers, advice, command: null }
}

function seal(layers: readonly IsolationLayer[], host: HostFacts): Improvement | null {
  if (layers.length === 0 || host.platform !== 'linux') return null
  if (host.nodeMajor < 26) {
    return { layers, advice: 'Use Node 26 or newer', command: 'npm install node@26' }
  }
  const isOff = host.securityModules !== null && !host.securityModules.includes('landlock')
  const advice = isOff
    ? 'Start the kernel with landlock among its security modules (the boot parameter lsm=)'
    : 'Use Linux 5.13 or newer on x64 or arm64, with Landlock'
  return { layers, advice, command: null }
}

function user(layers: readonly IsolationLayer[], host: HostFacts): Improvement | null {
  if (layers.length === 0 || host.platform === 'win32') return null
  const command = host.isRoot
    ? 'setpriv --reuid=65534 --regid=65534 --clear-groups npm start'
    : null
  return { layers, advice: 'Run the host as an ordinary user', command }
}

function asRoot(command: string, host: HostFacts): string {
  return host.isRoot ? command : `sudo ${command}`
}
