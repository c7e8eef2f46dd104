import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** What the advice of the doctor depends on. */
export interface HostFacts {
  readonly platform: string
  readonly nodeMajor: number
  readonly isRoot: boolean
  readonly hasBubblewrap: boolean
  /** Names of the Linux distribution and of those it descends from, for example `['ubuntu', 'debian']`. */
  readonly distributions: readonly string[]
  /** Settings of the kernel by name, as far as this kernel has them. */
  readonly settings: Readonly<Record<string, string>>
  /** Security modules that the kernel has switched on; null where it does not say. */
  readonly securityModules: readonly string[] | null
}

const SETTINGS = [
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
  'user.max_user_namespaces',
]

/** Looks around on this machine. */
export function readHostFacts(): HostFacts {
  const settings = SETTINGS.flatMap((name) => {
    const value = readText(`/proc/sys/${name.replaceAll('.', '/')}`)
    return value === null ? [] : [[name, value.trim()] as const]
  })
  const release = readText('/etc/os-release') ?? ''
  return {
    platform: process.platform,
    nodeMajor: Number(process.versions.node.split('.', 1)[0]),
    isRoot: process.getuid?.() === 0,
    hasBubblewrap: isOnPath('bwrap'),
    distributions: [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(
      ([, names = '']) => names.split(' '),
    ),
    settings: Object.fromEntries(settings),
    securityModules: readText('/sys/kernel/security/lsm')?.trim().split(',') ?? null,
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      if (!isAbsolute(folder)) return false
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
