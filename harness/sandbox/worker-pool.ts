import { availableParallelism } from 'node:os'
import { SandboxError } from '../errors.ts'
import { FairQueue } from './fair-queue.ts'
import type { SandboxProcess } from './sandbox-process.ts'
import type { SandboxRun } from './sandbox-run.ts'
import { type Anomaly, SandboxWorker } from './sandbox-worker.ts'

/** How many processes there are and who shares them. */
export interface PoolOptions {
  /** Processes kept ready for whoever comes next. Default 2. */
  readonly min?: number
  /** Most processes at once. Default 8. */
  readonly max?: number
  /** Most programs that wait for a process; beyond it `ERR_OVERLOADED`. Default four times `max`. */
  readonly maxQueued?: number
  /** Most programs in one process, all but one of them waiting for tools. Default 8. */
  readonly maxRunsAtOnce?: number
  /** Programs after which a process is replaced. Default 1 000. */
  readonly maxRuns?: number
  /** Time after which a process that serves nobody is ended, in milliseconds. Default 60 000. */
  readonly idleMs?: number
}

/** What the pool tells of itself. */
export interface PoolListener {
  /** A process was given up because of what it or its program did. */
  onAnomaly(anomaly: Anomaly, worker: SandboxWorker): void
}

/** What a {@link WorkerPool} works with. */
export interface WorkerPoolSetup {
  readonly start: () => Promise<SandboxProcess>
  /** Whether a process of this engine may serve more than one program. */
  readonly isReusable: boolean
  readonly options: Required<PoolOptions>
  readonly listener: PoolListener
}

/** A program that has waited this long takes another process of its trust domain's share. */
const GROW_MS = 2
const WATCH_MS = 5
const REST_WATCH_MS = 1_000
// More at once only slow each other down, and the programs that are running.
const MAX_STARTING = Math.max(1, Math.min(4, availableParallelism()))
const MAX_SHARED_ATTEMPTS = 2
const MAX_ATTEMPTS = 4
// A process that has rested for less is likely to be wanted again.
const MIN_REST_MS = 1_000
const RECHECK_AFTER_RUNS = 100
const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 5_000

interface Waiting {
  readonly run: SandboxRun
  /** Whose programs may share a process; `null` alone. */
  readonly domain: string | null
}

/**
 * Gives programs to processes. Fresh ones are kept ready; one that has served a trust domain serves
 * only that domain from then on, is replaced after a number of programs, and is ended when it rests.
 */
export class WorkerPool {
  readonly #setup: WorkerPoolSetup
  readonly #fresh: SandboxWorker[] = []
  readonly #bound = new Map<string, Set<SandboxWorker>>()
  /** Every process that is not gone yet. */
  readonly #all = new Set<SandboxWorker>()
  readonly #queue: FairQueue<Waiting>
  #starting = 0
  #watch: NodeJS.Timeout | null = null
  #grow: NodeJS.Timeout | null = null
  /** Set while a start that failed is not to be tried again yet. */
  #retry: NodeJS.Timeout | null = null
  #failedStarts = 0
  readonly #sweep: NodeJS.Timeout
  readonly #restWatch: NodeJS.Timeout
  #isClosed = false

  constructor(setup: WorkerPoolSetup) {
    this.#setup = setup
    this.#queue = new FairQueue(setup.options.maxQueued)
    this.#sweep = setInterval(() => this.#endIdle(), Math.max(50, setup.options.idleMs / 2))
    this.#sweep.unref()
    this.#restWatch = setInterval(() => {
      for (const worker of this.#all) worker.watchAtRest()
    }, REST_WATCH_MS)
    this.#restWatch.unref()
  }

  /** Programs that wait for a process. */
  get queued(): number {
    return this.#queue.size
  }

  /** Processes that are not gone. */
  get size(): number {
    return this.#all.size
  }

  /** Puts a process that was started elsewhere into the pool. */
  add(process: SandboxProcess): void {
    this.#admit(process)
    this.#fill()
  }

  /**
   * Takes a program. It ends through its own `result`.
   *
   * @throws {SandboxError} `ERR_OVERLOADED` if too many wait already.
   */
  submit(run: SandboxRun, domain: string | null): void {
    if (this.#isClosed) throw new SandboxError('ERR_SANDBOX_FAILED', 'The sandbox is closed')
    const waiting = { run, domain: this.#setup.isReusable ? domain : null }
    if (this.#queue.size === 0 && this.#place(waiting)) return
    if (!this.#queue.add(domain ?? '', waiting)) {
      throw new SandboxError('ERR_OVERLOADED', 'Too many programs are running; try again later')
    }
    this.#forgetWhenOver(waiting)
    // Whoever comes while starting fails learns of it now, and not after a pause.
    if (this.#retry !== null && ![...this.#all].some((worker) => worker.isAlive)) this.#tryAgain()
    else this.#dispatch()
  }

  /** Ends every process and waits until they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    clearInterval(this.#restWatch)
    if (this.#watch !== null) clearInterval(this.#watch)
    if (this.#grow !== null) clearTimeout(this.#grow)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#queue.takeWhere(({ run }) => {
      run.cancel()
      return true
    })
    const all = [...this.#all]
    await Promise.all(
      all.map(async (worker) => {
        await worker.close()
        await worker.gone()
      }),
    )
  }

  #dispatch(): void {
    if (this.#isClosed) return
    this.#queue.takeWhere((waiting) => waiting.run.isOver || this.#place(waiting))
    this.#fill()
    if (this.#queue.size > 0 && this.#grow === null) {
      // Whoever is passed over because of its neighbours' short programs is looked at again soon.
      this.#grow = setTimeout(() => {
        this.#grow = null
        this.#dispatch()
      }, GROW_MS)
    }
  }

  /** Finds a process for a program and hands it over; false when it has to wait. */
  #place({ run, domain }: Waiting): boolean {
    const worker = this.#sharedWorker(domain) ?? this.#freshWorker(run, domain)
    if (worker === null) return false
    const isDue = worker.served % RECHECK_AFTER_RUNS === RECHECK_AFTER_RUNS - 1
    if (isDue && !worker.recheck()) return this.#place({ run, domain })
    worker.begin(run)
    return true
  }

  /** A process of the same domain that works on nothing at the moment. */
  #sharedWorker(domain: string | null): SandboxWorker | null {
    if (domain === null) return null
    let best: SandboxWorker | null = null
    for (const worker of this.#bound.get(domain) ?? []) {
      const isFree = worker.isAlive && !worker.isBusy && !worker.isRetiring
      if (!isFree || worker.runCount >= this.#setup.options.maxRunsAtOnce) continue
      if (worker.served >= this.#setup.options.maxRuns) continue
      if (best === null || worker.runCount < best.runCount) best = worker
    }
    return best
  }

  #freshWorker(run: SandboxRun, domain: string | null): SandboxWorker | null {
    const siblings = domain === null ? undefined : this.#bound.get(domain)
    // A busy process is often free again sooner than a new one is warm.
    if (siblings !== undefined && performance.now() - run.queuedAt < GROW_MS) return null
    for (;;) {
      const worker = this.#fresh.shift()
      if (worker === undefined) return null
      if (!worker.isAlive) continue
      worker.domain = domain
      if (domain !== null) {
        if (siblings === undefined) this.#bound.set(domain, new Set([worker]))
        else siblings.add(worker)
      }
      setImmediate(() => this.#fill())
      return worker
    }
  }

  /** Starts processes for those that wait, and until enough are ready. */
  #fill(): void {
    const { min, max } = this.#setup.options
    if (this.#isClosed || this.#retry !== null) return
    const wanted = Math.max(min, this.#queue.size)
    while (this.#starting < MAX_STARTING && this.#fresh.length + this.#starting < wanted) {
      if (this.#all.size + this.#starting >= max) return this.#makeRoom()
      this.#starting++
      void this.#start()
    }
  }

  /** Ends the process that has rested the longest, so that a newcomer finds one. Its place is free later. */
  #makeRoom(): void {
    const all = [...this.#all]
    if (all.some((worker) => !worker.isAlive)) return
    const restedSince = performance.now() - (this.#queue.size > 0 ? 0 : MIN_REST_MS)
    let oldest: SandboxWorker | null = null
    for (const workers of this.#bound.values()) {
      for (const worker of workers) {
        if (worker.runCount > 0 || worker.idleSince > restedSince) continue
        if (oldest === null || worker.idleSince < oldest.idleSince) oldest = worker
      }
    }
    if (oldest !== null) void oldest.close()
    else this.#retireOne(all)
  }

  async #start(): Promise<void> {
    try {
      const process = await this.#setup.start()
      this.#starting--
      this.#failedStarts = 0
      if (this.#isClosed) process.kill()
      else this.#admit(process)
    } catch (error) {
      this.#starting--
      this.#pause()
      // Where nothing runs, nobody else would ever tell those that wait.
      if (![...this.#all].some((worker) => worker.isAlive)) {
        this.#queue.takeWhere(({ run }) => {
          run.fail(error)
          return true
        })
      }
    }
    this.#dispatch()
  }

  /** Leaves the host alone for a while: whatever it lacks, asking without a pause makes it worse. */
  #pause(): void {
    if (this.#isClosed || this.#retry !== null) return
    const delayMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.min(this.#failedStarts++, 10))
    this.#retry = setTimeout(() => this.#tryAgain(), delayMs)
    if (this.#queue.size === 0) this.#retry.unref()
  }

  #tryAgain(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    this.#dispatch()
  }

  /**
   * One trust domain may keep every process busy: then one of them takes nobody new, and is ended for
   * those who have none as soon as its programs are over.
   */
  #retireOne(all: readonly SandboxWorker[]): void {
    const hasNone = ({ domain }: Waiting): boolean => domain === null || !this.#bound.has(domain)
    if (!this.#queue.some(hasNone) || all.some(({ isRetiring }) => isRetiring)) return
    const [largest] = [...this.#bound.values()].sort((a, b) => b.size - a.size)
    const [least] = [...(largest ?? [])].sort((a, b) => a.runCount - b.runCount)
    if (least !== undefined) least.isRetiring = true
  }

  #forgetWhenOver(waiting: Waiting): void {
    const forget = (): void => this.#queue.remove(waiting)
    void waiting.run.result.then(forget, forget)
  }

  #admit(process: SandboxProcess): void {
    const worker = new SandboxWorker(process, {
      onBusy: () => this.#startWatch(),
      onRoom: (free) => this.#onRoom(free),
      onInterrupted: (run) => this.#onInterrupted(run),
      onLost: (lost, anomaly) => this.#onLost(lost, anomaly),
    })
    this.#all.add(worker)
    this.#fresh.push(worker)
  }

  #onRoom(worker: SandboxWorker): void {
    const isOld = worker.isRetiring || worker.served >= this.#setup.options.maxRuns
    const isSpent = worker.domain === null || isOld
    if (worker.runCount === 0 && worker.served > 0 && isSpent) void worker.close()
    else if (this.#queue.size > 0) this.#dispatch()
  }

  #onInterrupted(run: SandboxRun): void {
    if (run.isOver) return
    if (this.#isClosed) return run.cancel()
    if (run.attempts >= MAX_ATTEMPTS) {
      const detail = 'The program was interrupted too often to begin again'
      return run.end({ kind: 'crashed', detail })
    }
    // Whoever was disturbed before gets a process alone, where nobody can disturb it again.
    const domain = run.attempts < MAX_SHARED_ATTEMPTS ? (run.request.trustDomain ?? null) : null
    const waiting = { run, domain: this.#setup.isReusable ? domain : null }
    // It has been admitted before: the bound of the queue is for newcomers.
    this.#queue.add(domain ?? '', waiting, true)
    this.#forgetWhenOver(waiting)
    setImmediate(() => this.#dispatch())
  }

  #onLost(worker: SandboxWorker, anomaly: Anomaly | null): void {
    if (worker.domain !== null) {
      const siblings = this.#bound.get(worker.domain)
      siblings?.delete(worker)
      if (siblings?.size === 0) this.#bound.delete(worker.domain)
    }
    const index = this.#fresh.indexOf(worker)
    if (index >= 0) this.#fresh.splice(index, 1)
    if (anomaly !== null && !this.#isClosed) this.#setup.listener.onAnomaly(anomaly, worker)
    void worker.gone().then(() => {
      this.#all.delete(worker)
      this.#dispatch()
    })
  }

  #startWatch(): void {
    this.#watch ??= setInterval(() => {
      let isBusy = false
      for (const worker of this.#all) {
        worker.watch()
        isBusy ||= worker.isBusy
      }
      if (isBusy || this.#watch === null) return
      clearInterval(this.#watch)
      this.#watch = null
    }, WATCH_MS)
  }

  #endIdle(): void {
    const { idleMs, min } = this.#setup.options
    const since = performance.now() - idleMs
    for (const worker of this.#all) {
      const isSpare = worker.domain !== null || this.#fresh.indexOf(worker) >= min
      if (isSpare && worker.runCount === 0 && worker.served > 0 && worker.idleSince < since) {
        void worker.close()
      }
    }
    for (const worker of this.#fresh.slice(min)) {
      if (worker.idleSince < since) void worker.close()
    }
  }
}
