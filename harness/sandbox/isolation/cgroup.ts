import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  type CgroupSources,
  findCgroupFolders,
  readCgroupSources,
  readText,
} from './cgroup-folders.ts'
import { startTicksOf } from './stage.ts'

/** What a group of processes may use together. */
export interface CgroupLimits {
  /** Memory of all processes with the page cache they cause, in bytes. Beyond it the kernel kills. */
  readonly memoryBytes: number
  /** Most processes and threads. A Node has about a dozen threads. */
  readonly maxTasks: number
  /** Share of the machine in processors, for example 1.5. */
  readonly maxCpus: number
}

/** A control group of the kernel for one sandbox process. */
export interface Cgroup {
  /**
   * Moves a process in. What it starts afterwards is in the group as well; memory that it held before
   * is not counted. May wait for the kernel for milliseconds.
   *
   * @throws {Error} If the process is gone.
   */
  add(pid: number): Promise<void>
  /** Whether the kernel says that a process is in the group. */
  holds(pid: number): boolean
  /** The most memory that was in use at once, in bytes; null where the kernel does not count it. */
  peakBytes(): number | null
  /** CPU time of everything that ever ran in the group, in microseconds; null where it is not counted. */
  cpuUs(): number | null
  /**
   * Takes the group away.
   *
   * @returns False while a process is still in it.
   */
  remove(): boolean
}

/** A place of the kernel where this process may make control groups. */
export interface CgroupHost {
  readonly version: 1 | 2
  /** @throws {Error} If the kernel refuses; nothing is left then. */
  create(limits: CgroupLimits): Cgroup
}

const GROUP_NAME = /^airlock-(\d+)-(\d+)-[0-9a-f]+$/
const CPU_PERIOD_US = 100_000

/** One limit: the controller's file and what is written to it. */
interface Setting {
  readonly controller: string
  readonly file: string
  readonly value: string
  /** Not every kernel has the file. */
  readonly isOptional?: boolean
}

/** The kernel's two interfaces: version 1 has a tree per controller, version 2 one for all. */
interface Dialect {
  settings(limits: CgroupLimits): readonly Setting[]
  readonly peak: readonly [controller: string, file: string]
  readonly cpu: readonly [controller: string, file: string]
  cpuUs(text: string): number
}

const DIALECTS: Readonly<Record<1 | 2, Dialect>> = {
  1: {
    settings: ({ memoryBytes, maxTasks, maxCpus }) => [
      { controller: 'memory', file: 'memory.limit_in_bytes', value: `${memoryBytes}` },
      { controller: 'pids', file: 'pids.max', value: `${maxTasks}` },
      { controller: 'cpu', file: 'cpu.cfs_period_us', value: `${CPU_PERIOD_US}` },
      { controller: 'cpu', file: 'cpu.cfs_quota_us', value: quota(maxCpus) },
    ],
    peak: ['memory', 'memory.max_usage_in_bytes'],
    cpu: ['cpuacct', 'cpuacct.usage'],
    cpuUs: (text) => Math.floor(Number(text) / 1000),
  },
  2: {
    settings: ({ memoryBytes, maxTasks, maxCpus }) => [
      { controller: 'memory', file: 'memory.max', value: `${memoryBytes}` },
      { controller: 'memory', file: 'memory.swap.max', value: '0', isOptional: true },
      { controller: 'pids', file: 'pids.max', value: `${maxTasks}` },
      { controller: 'cpu', file: 'cpu.max', value: `${quota(maxCpus)} ${CPU_PERIOD_US}` },
    ],
    peak: ['memory', 'memory.peak'],
    cpu: ['cpu', 'cpu.stat'],
    cpuUs: (text) => Number(/^usage_usec (\d+)$/m.exec(text)?.[1]),
  },
}

function quota(cpus: number): string {
  return String(Math.ceil(cpus * CPU_PERIOD_US))
}

/**
 * Opens the place where this process may make control groups, as {@link findCgroupFolders} finds it
 * (with systemd: `Delegate=memory pids cpu` and `DelegateSubgroup=main`). Groups of hosts that died
 * are cleared away.
 *
 * @returns Null where there is no such place: then the parent's watch over memory and time is all.
 */
export function openCgroups(
  sources: CgroupSources | null = readCgroupSources(),
): CgroupHost | null {
  const found = sources === null ? null : findCgroupFolders(sources)
  if (found === null) return null
  const { version, folders } = found
  removeStaleGroups(new Set(folders.values()))
  return { version, create: (limits) => new KernelCgroup(version, folders, limits) }
}

class KernelCgroup implements Cgroup {
  readonly #name =
    `airlock-${process.pid}-${startTicksOf(process.pid) ?? '0'}-${randomBytes(6).toString('hex')}`
  readonly #dialect: Dialect
  readonly #folders: ReadonlyMap<string, string>

  constructor(version: 1 | 2, folders: ReadonlyMap<string, string>, limits: CgroupLimits) {
    this.#dialect = DIALECTS[version]
    this.#folders = new Map([...folders].map(([name, folder]) => [name, join(folder, this.#name)]))
    try {
      for (const folder of this.#ownFolders()) mkdirSync(folder)
      for (const setting of this.#dialect.settings(limits)) this.#set(setting)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  async add(pid: number): Promise<void> {
    for (const folder of this.#ownFolders()) await writeFile(join(folder, 'cgroup.procs'), `${pid}`)
  }

  holds(pid: number): boolean {
    const membership = readText(`/proc/${pid}/cgroup`) ?? ''
    const own = membership.split('\n').filter((line) => basename(line) === this.#name)
    return own.length === this.#ownFolders().size
  }

  peakBytes(): number | null {
    const text = this.#read(this.#dialect.peak)
    return text === null ? null : Number(text)
  }

  cpuUs(): number | null {
    const text = this.#read(this.#dialect.cpu)
    return text === null ? null : this.#dialect.cpuUs(text)
  }

  remove(): boolean {
    return [...this.#ownFolders()].map(removeGroup).every(Boolean)
  }

  #ownFolders(): ReadonlySet<string> {
    return new Set(this.#folders.values())
  }

  #set({ controller, file, value, isOptional = false }: Setting): void {
    const folder = this.#folders.get(controller)
    if (folder === undefined) return
    try {
      writeFileSync(join(folder, file), value)
    } catch (error) {
      if (!isOptional) throw error
    }
  }

  #read([controller, file]: readonly [string, string]): string | null {
    const folder = this.#folders.get(controller)
    return folder === undefined ? null : readText(join(folder, file))
  }
}

/** A group with a process in it cannot be removed, so nothing that is in use is lost here. */
function removeStaleGroups(folders: ReadonlySet<string>): void {
  for (const folder of folders) {
    for (const name of readdirSync(folder)) {
      const [, pid, startTicks] = GROUP_NAME.exec(name) ?? []
      if (pid === undefined || startTicksOf(Number(pid)) === startTicks) continue
      removeGroup(join(folder, name))
    }
  }
}

function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
