import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'

/** One process that was seen below the host. */
export interface SeenProcess {
  readonly pid: number
  /** Clock ticks since boot: with it a number that was given out again is told apart. */
  readonly startTime: string
  /** Resident size when the case began; 0 for a process that started later. */
  baseMb: number
}

const MB_PER_PAGE = 4_096 / 1_048_576
/** A process that grows by no more than this did not take part in the case. */
const MARGIN_MB = 8

/**
 * Everything below one process, as `/proc` shows it. Who was seen once is remembered, also after a
 * parent died and the process moved elsewhere in the tree.
 */
export class ProcessTree {
  readonly #root: number
  readonly #seen = new Map<number, SeenProcess>()
  /** The largest sum of resident sizes of processes that took part in the case, in MiB. */
  peakMb = 0
  /** The largest growth of the root itself, in MiB. */
  rootGrowthMb = 0
  #rootBaseMb: number
  #idle = new Map<string, number>()
  /** The largest resident size of one idle process. */
  #idleMb = 0

  constructor(root: number) {
    this.#root = root
    this.#rootBaseMb = residentMb(root)
  }

  /**
   * What runs now is idle: whoever is of the same kind later, and not more numerous, is no survivor.
   *
   * @returns Whether nothing has changed since the last time.
   */
  rememberIdle(): boolean {
    this.sample()
    const before = this.#idle
    this.#idle = this.#countCommands()
    this.#idleMb = Math.max(0, ...this.#living().map(({ pid }) => residentMb(pid)))
    return isDeepStrictEqual(before, this.#idle)
  }

  /** Begins to measure for one case. */
  startCase(): void {
    this.sample()
    this.peakMb = 0
    this.rootGrowthMb = 0
    this.#rootBaseMb = residentMb(this.#root)
    for (const [pid, entry] of this.#seen) {
      if (!isAlive(entry)) this.#seen.delete(pid)
      else entry.baseMb = residentMb(pid)
    }
  }

  /** Looks once. Returns what all of it holds in memory, in MiB, the root included. */
  sample(): number {
    const rootMb = residentMb(this.#root)
    this.rootGrowthMb = Math.max(this.rootGrowthMb, rootMb - this.#rootBaseMb)
    this.#discover(this.#root, new Set())
    let total = rootMb
    let active = 0
    let fresh = 0
    let lent = 0
    for (const entry of this.#seen.values()) {
      const mb = isAlive(entry) ? residentMb(entry.pid) : 0
      total += mb
      if (entry.baseMb === 0) fresh += mb
      // One that grows to what an idle one holds was still starting when the case began.
      else if (mb === 0 || mb > Math.max(entry.baseMb, this.#idleMb) + MARGIN_MB) {
        active += mb
        lent += 1
      }
    }
    // A pool replaces what it lent out; that much of what is new holds no program.
    this.peakMb = Math.max(this.peakMb, active + Math.max(0, fresh - lent * this.#idleMb))
    return total
  }

  /**
   * Living processes beyond those that were there when the host was idle: what was seen below it, and
   * whatever else carries the secret of its environment.
   */
  survivors(token: string): string[] {
    this.sample()
    const strays = allPids().filter((pid) => {
      const isKnown = pid === this.#root || this.#seen.has(pid)
      return !isKnown && read(`/proc/${pid}/environ`).includes(token)
    })
    return [...strays.map((pid) => `${pid} ${commandOf(pid)}`), ...this.#beyondIdle()]
  }

  #beyondIdle(): string[] {
    const allowed = new Map(this.#idle)
    return this.#living().flatMap(({ pid }) => {
      const command = commandOf(pid)
      const left = allowed.get(command) ?? 0
      allowed.set(command, left - 1)
      return left > 0 ? [] : [`${pid} ${command}`]
    })
  }

  /** Ends everything that was ever seen below the root and still lives. */
  killAll(): void {
    for (const { pid } of this.#living()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone in between.
      }
    }
  }

  #living(): SeenProcess[] {
    return [...this.#seen.values()].filter(isAlive)
  }

  #countCommands(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { pid } of this.#living()) {
      const command = commandOf(pid)
      counts.set(command, (counts.get(command) ?? 0) + 1)
    }
    return counts
  }

  #discover(pid: number, visited: Set<number>): void {
    if (visited.has(pid)) return
    visited.add(pid)
    for (const child of childrenOf(pid)) {
      const startTime = startTimeOf(child)
      if (startTime === null) continue
      if (this.#seen.get(child)?.startTime !== startTime) {
        this.#seen.set(child, { pid: child, startTime, baseMb: 0 })
      }
    }
    // Orphans of a dead parent are searched as well.
    for (const child of pid === this.#root ? this.#seen.keys() : childrenOf(pid)) {
      this.#discover(child, visited)
    }
  }
}

function allPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1)
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      read(`/proc/${pid}/task/${task}/children`)
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    )
  } catch {
    return []
  }
}

function isAlive({ pid, startTime }: SeenProcess): boolean {
  return startTimeOf(pid) === startTime
}

/** `null` when there is no such process, or only the remains of one. */
function startTimeOf(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.length < 20 || fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

// Read late and never kept: between fork and exec a process still has its parent's.
function commandOf(pid: number): string {
  const text = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  return text.replace(/\d+/g, 'N').slice(0, 400)
}

function residentMb(pid: number): number {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * MB_PER_PAGE
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
