import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Logger } from '../harness/index.ts'
import {
  epochOf,
  type RunHold,
  type RunLease,
  type RunRecord,
  type RunStore,
} from './store/run-store.ts'

/** A process that has not renewed for so long is taken for dead. */
const LEASE_MS = 20_000
const RENEW_MS = 5_000
const PLACE = place()

/** How long leases hold, in milliseconds; for tests. */
export interface LeaseTimes {
  readonly leaseMs: number
  readonly renewMs: number
}

/**
 * This process's hold on the runs it works on. A run whose holder is dead is free for others; the
 * holder renews while it lives, so a run is never worked on twice. Whoever takes a run over holds it in a
 * new epoch, and the store refuses what is written in an older one: a holder that was only slow, and
 * comes back, can do no harm.
 */
export class RunLeases {
  /** Names this process: where it runs, its process id, and a part that no other process has. */
  readonly owner: string
  readonly #logger: Logger
  readonly #times: LeaseTimes
  /** Epochs by run, of the runs that are under way here. */
  readonly #held = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null
  /** Until when it is sure that nobody else has taken a run of this process. */
  #sureUntil: number

  constructor(options: { readonly logger: Logger; readonly times?: LeaseTimes }) {
    this.owner = `${PLACE}/${process.pid}/${crypto.randomUUID()}`
    this.#logger = options.logger
    this.#times = options.times ?? { leaseMs: LEASE_MS, renewMs: RENEW_MS }
    this.#sureUntil = Date.now() + this.#times.leaseMs
  }

  /** What a run is held with from now on. */
  next(): RunLease {
    return { owner: this.owner, until: Date.now() + this.#times.leaseMs }
  }

  /** Whether a run is under way in this process. */
  holds(runId: string): boolean {
    return this.#held.has(runId)
  }

  /** Holds a run until its work is settled: renews its lease all the while. */
  async during<T>(run: RunRecord, work: () => Promise<T>): Promise<T> {
    const epoch = epochOf(run)
    this.#held.set(run.runId, epoch)
    try {
      return await work()
    } finally {
      if (this.#held.get(run.runId) === epoch) this.#held.delete(run.runId)
    }
  }

  /**
   * Keeps renewing until {@link stop}.
   *
   * @param onLost - Told of runs that somebody else holds by now, or may hold as nothing could be renewed.
   */
  start(store: RunStore, onLost: (hold: RunHold) => void): void {
    this.#sureUntil = Date.now() + this.#times.leaseMs
    this.#timer = setInterval(() => void this.#renew(store, onLost), this.#times.renewMs)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Those of some owners that are known to be dead: they ran on this machine and are gone. */
  deadAmong(owners: readonly string[]): readonly string[] {
    return owners.filter((owner) => {
      const [where, pid] = owner.split('/')
      return where === PLACE && Number(pid) !== process.pid && !isAlive(Number(pid))
    })
  }

  async #renew(store: RunStore, onLost: (hold: RunHold) => void): Promise<void> {
    const holds = [...this.#held].map(([runId, epoch]) => ({ runId, epoch }))
    if (holds.length === 0) {
      this.#sureUntil = Date.now() + this.#times.leaseMs
      return
    }
    try {
      const lease = this.next()
      const lost = await store.renewLeases(lease, holds)
      this.#sureUntil = lease.until
      for (const hold of lost) onLost(hold)
    } catch (error) {
      this.#logger.error({ err: error }, 'Runs could not be held on to')
      // From here on others may work on them, and two at once is worse than none.
      if (Date.now() >= this.#sureUntil) for (const hold of holds) onLost(hold)
    }
  }
}

/** Where a process id means the same: one boot of one machine, and one namespace of its processes. */
function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}:${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is alive all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
