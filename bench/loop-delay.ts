import { closeSync, openSync, readSync } from 'node:fs'

/** How long the event loop stood still at worst, in milliseconds. */
export interface LoopDelay {
  /** The longest time in which the loop did not turn although it could have run. */
  readonly blockedMs: number
  /** The same with the time in which the machine had no core for this process. */
  readonly lateMs: number
}

const TICK_MS = 1

/**
 * Watches the event loop of this process while something happens. A timer of one millisecond says when
 * it turned; the kernel says how much of a gap was spent waiting for a core, which is the machine's
 * doing and not that of the code under test.
 */
export async function watchLoop<T>(action: () => Promise<T>): Promise<LoopDelay & { value: T }> {
  const queue = new RunQueue()
  let blockedMs = 0
  let lateMs = 0
  let last = performance.now()
  let lastWaitedMs = queue.waitedMs()
  const timer = setInterval(() => {
    const now = performance.now()
    const waitedMs = queue.waitedMs()
    const gapMs = now - last - TICK_MS
    lateMs = Math.max(lateMs, gapMs)
    blockedMs = Math.max(blockedMs, gapMs - (waitedMs - lastWaitedMs))
    last = now
    lastWaitedMs = waitedMs
  }, TICK_MS)
  try {
    const value = await action()
    return { value, blockedMs, lateMs }
  } finally {
    clearInterval(timer)
    queue.close()
  }
}

/** How long the main thread has been ready to run without a core, as the kernel counts it. */
class RunQueue {
  readonly #buffer = Buffer.alloc(128)
  readonly #descriptor = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')

  waitedMs(): number {
    const length = readSync(this.#descriptor, this.#buffer, 0, this.#buffer.length, 0)
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / 1_000_000
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
