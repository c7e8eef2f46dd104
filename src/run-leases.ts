import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Logger } from '../harness/index.ts'
import type { RunLease, RunStore } from './store/run-store.ts'

/** A process that has not renewed for so long is taken for dead. */
const LEASE_MS = 20_000
const RENEW_MS = 5_000
const PLACE = place()

/**
 * This process's hold on the runs it works on. A run whose holder is dead is free for others; the
 * holder renews while it lives, so a run is never worked on twice.
 */
export class RunLeases {
  /** Names this process: where it runs, its process id, and a part that no other process has. */
  readonly owner: string
  readonly #logger: Logger
  #timer: NodeJS.Timeout | null = null

  constructor(options: { readonly logger: Logger }) {
    this.owner = `${PLACE}/${process.pid}/${crypto.randomUUID()}`
    this.#logger = options.logger
  }

  /** What a run is held with from now on. */
  next(): RunLease {
    return { owner: this.owner, until: Date.now() + LEASE_MS }
  }

  /** Keeps renewing until {@link stop}. */
  start(store: RunStore): void {
    this.#timer = setInterval(() => {
      store.renewLeases(this.next()).catch((error: unknown) => {
        this.#logger.error({ err: error }, 'Runs could not be held on to')
      })
    }, RENEW_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Whether nobody holds a run any more: its time is over, or its holder on this machine is gone. */
  isFree(lease: RunLease): boolean {
    if (lease.owner === this.owner) return false
    if (lease.until <= Date.now()) return true
    const [place, pid] = lease.owner.split('/')
    return place === PLACE && Number(pid) !== process.pid && !isAlive(Number(pid))
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
