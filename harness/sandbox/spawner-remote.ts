import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessExit, SpawnedProcess } from './spawner.ts'
import { signalProcess } from './spawner-launch.ts'

const ORPHAN_TIMEOUT_MS = 2_000
const ORPHAN_POLL_MS = 5

/** A process that the spawner process has started. */
export class RemoteProcess implements SpawnedProcess {
  readonly pid: number
  readonly channel: Socket
  readonly exited: Promise<ProcessExit>
  readonly #leader: number
  readonly #requestKill: () => void
  readonly #setExited: (exit: ProcessExit) => void
  #isAlive = true
  #words = ''

  /**
   * @param leader - Process id of what leads the group of the program.
   * @param requestKill - Asks the spawner process to see to it that nothing is left.
   */
  constructor(pid: number, leader: number, channel: Socket, requestKill: () => void) {
    const exited = Promise.withResolvers<ProcessExit>()
    this.pid = pid
    this.channel = channel
    this.exited = exited.promise
    this.#leader = leader
    this.#requestKill = requestKill
    this.#setExited = exited.resolve
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get lastWords(): string {
    return this.#words
  }

  kill(): void {
    this.channel.destroy()
    if (!this.#isAlive) return
    // Directly, so that it does not wait behind a process that is just being started. The id cannot
    // be somebody else's yet: ids are given out in turn, and the report of an exit is on its way.
    signalProcess(this.pid === this.#leader ? -this.#leader : this.pid)
    this.#requestKill()
  }

  /** Takes note of the end. */
  end(exit: ProcessExit, lastWords: string): void {
    this.#isAlive = false
    this.#words = lastWords
    this.#setExited(exit)
  }

  /** Kills the process without the spawner process, which is gone, and waits until it is gone too. */
  async abandon(): Promise<void> {
    signalProcess(this.pid)
    signalProcess(-this.#leader)
    const deadline = performance.now() + ORPHAN_TIMEOUT_MS
    const isLeft = (): boolean => !isGone(this.pid) || !isGone(this.#leader)
    while (isLeft() && performance.now() < deadline) await delay(ORPHAN_POLL_MS)
    this.end({ code: null, signal: 'SIGKILL' }, '')
  }
}

/** Whether nothing runs under a process id any more. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  try {
    // Dead, and nobody has asked how it died.
    return /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
