import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** What the kernel says about the control groups of this process. */
export interface CgroupSources {
  /** Text in the form of `/proc/self/cgroup`. */
  readonly membership: string
  /** Text in the form of `/proc/self/mountinfo`. */
  readonly mounts: string
}

/** Where this process may make control groups: a folder for each controller. */
export interface CgroupFolders {
  readonly version: 1 | 2
  readonly folders: ReadonlyMap<string, string>
}

const NEEDED = ['memory', 'pids']
const WANTED = ['memory', 'pids', 'cpu', 'cpuacct']

/**
 * Looks for folders of the kernel's control groups that this process may make groups in: below its
 * own groups of version 1, or beside its own group of version 2 in the service it is the main part of.
 *
 * @returns Null where memory and processes cannot both be limited.
 */
export function findCgroupFolders(sources: CgroupSources): CgroupFolders | null {
  const found: readonly CgroupFolders[] = [
    { version: 1, folders: foldersOfVersion1(sources) },
    { version: 2, folders: foldersOfVersion2(sources) },
  ]
  return found.find(({ folders }) => NEEDED.every((name) => folders.has(name))) ?? null
}

/** What the kernel says about this process; null where there are no control groups. */
export function readCgroupSources(): CgroupSources | null {
  const membership = readText('/proc/self/cgroup')
  const mounts = readText('/proc/self/mountinfo')
  return membership === null || mounts === null ? null : { membership, mounts }
}

/** The text of a file, or null where it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

/** Writable folders of version 1 by controller. */
function foldersOfVersion1({ membership, mounts }: CgroupSources): Map<string, string> {
  const folders = new Map<string, string>()
  for (const line of membership.split('\n')) {
    const [, names = '', path = ''] = line.split(':')
    for (const name of names.split(',')) {
      if (!WANTED.includes(name)) continue
      const mount = mountsOf(mounts, 'cgroup').find(({ options }) => options.includes(name))
      const folder = mount === undefined ? null : folderIn(mount, path)
      if (folder !== null && isWritable(folder)) folders.set(name, folder)
    }
  }
  return folders
}

/** The folder of version 2 by the controllers that groups in it get. */
function foldersOfVersion2({ membership, mounts }: CgroupSources): Map<string, string> {
  const path = /^0::(.*)$/m.exec(membership)?.[1]
  const [mount] = mountsOf(mounts, 'cgroup2')
  // A group that has processes cannot have groups, so it is made beside. Whose folder that is, is
  // certain only when it is the service's own: systemd has handed those over or has not.
  if (path === undefined || mount === undefined) return new Map()
  if (!/\.(?:service|scope)$/.test(dirname(path))) return new Map()
  const folder = folderIn(mount, dirname(path))
  if (folder === null || !isWritable(folder)) return new Map()
  const list = (file: string): string[] =>
    (readText(join(folder, file)) ?? '').split(/\s+/).filter((name) => name !== '')
  const wanted = list('cgroup.controllers').filter((name) => WANTED.includes(name))
  try {
    writeFileSync(
      join(folder, 'cgroup.subtree_control'),
      wanted.map((name) => `+${name}`).join(' '),
    )
  } catch {
    return new Map()
  }
  return new Map(wanted.map((name) => [name, folder]))
}

interface CgroupMount {
  readonly root: string
  readonly point: string
  readonly options: readonly string[]
}

function mountsOf(mounts: string, kind: 'cgroup' | 'cgroup2'): CgroupMount[] {
  return mounts.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ')
    const [, , , root, point] = left.split(' ')
    const [type, , options = ''] = right.split(' ')
    if (type !== kind || root === undefined || point === undefined) return []
    return [{ root, point, options: options.split(',') }]
  })
}

/** Where a group lies; null when it is outside of what is mounted, as in some containers. */
function folderIn({ root, point }: CgroupMount, path: string): string | null {
  const inside = relative(root, path)
  return inside.startsWith('..') ? null : join(point, inside)
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
