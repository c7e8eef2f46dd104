import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tree } from './peers/lib/proc.mjs'
import { claim, type Row } from './rows.ts'

const LOOK_EVERY_MS = 100
const GRACE_MS = 1_000

/**
 * Finds what a sandbox leaves behind: remembers every process that was ever below this one, the open
 * descriptors, and what lies in a temporary folder that nobody else uses.
 */
export class Leftovers {
  readonly #folder: string
  readonly #descriptors: number
  /** When each process that was seen had been started, in the kernel's ticks. */
  readonly #seen = new Map<number, string>()
  readonly #timer: NodeJS.Timeout

  private constructor(folder: string) {
    this.#folder = folder
    this.#descriptors = openDescriptors()
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** From here on temporary files of this process have a folder of their own. */
  static async begin(): Promise<Leftovers> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-soak-'))
    // What is staged for a child that runs as another user has to be reached by it.
    chmodSync(folder, 0o755)
    process.env['TMPDIR'] = folder
    // With the first pipe to a process Node opens /dev/null, for good.
    const child = spawn(process.execPath, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.resume()
    await once(child, 'close')
    return new Leftovers(folder)
  }

  /** Looks once more, after a moment for the kernel to bury the dead. Call it when all is closed. */
  async check(): Promise<readonly Row[]> {
    this.#look()
    clearInterval(this.#timer)
    await sleep(GRACE_MS)
    const alive = [...this.#seen].filter(([pid, startedAt]) => startTime(pid) === startedAt)
    const zombies = tree(process.pid).filter(({ state }) => state === 'Z').length
    const descriptors = openDescriptors() - this.#descriptors
    const files = readdirSync(this.#folder)
    rmSync(this.#folder, { recursive: true, force: true })
    return [
      nothing(`processes left, of ${this.#seen.size} that were seen`, alive.length),
      nothing('zombies', zombies),
      nothing('descriptors more than before', Math.max(0, descriptors)),
      nothing('temporary files left', files.length),
    ]
  }

  #look(): void {
    for (const { pid } of tree(process.pid)) {
      const startedAt = pid === process.pid ? null : startTime(pid)
      if (startedAt !== null) this.#seen.set(pid, startedAt)
    }
  }
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

function nothing(what: string, count: number): Row {
  return claim(what, '0', count === 0, String(count))
}

/** Process ids are used again: only together with its start does one name a process. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
