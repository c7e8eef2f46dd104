import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import {
  deliveriesOf,
  type Findings,
  hangingRuns,
  lossesIn,
  repeatedCalls,
} from './crash-checks.ts'
import { CrashClient } from './crash-client.ts'
import type { Order } from './crash-ledger.ts'
import { CrashServer, newSecrets } from './crash-process.ts'

/** What is killed, where, and how often. */
export interface CrashOptions {
  /** Where the store is: a path, or a `postgresql://` URL. */
  readonly store: string
  /** A folder for the witness. */
  readonly folder: string
  readonly rounds: number
  /** URL of the package's entry: of its sources, or of what was built. */
  readonly library: string
  readonly openStore: (location: string, options?: StoreOptions) => Promise<Store>
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number
  readonly onRound?: (round: number) => void
  /** Ends it after the round that is under way. */
  readonly signal?: AbortSignal
}

/** What came of it. */
export interface CrashReport extends Findings {
  readonly rounds: number
  readonly acknowledged: {
    readonly runs: number
    readonly approvals: number
    readonly calls: number
  }
  /** Milliseconds from the start of a process to its first answer, for each start. */
  readonly startMs: readonly number[]
  readonly surprises: readonly string[]
}

const LOAD_MS = 1_200
/** Some are killed before they listen, while they look at what the last one left behind. */
const EARLY_SHARE = 0.1
const EARLY_MS = 800
const WARM_SHARE = 0.7
const WARM_MS = 10_000
/** Nothing ends for so long: what is left hangs. Longer than it takes to find a process dead. */
const PATIENCE_MS = 90_000

/** Kills a server with SIGKILL at random moments under load, and looks at what is left each time. */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const run = new CrashRun(options)
  try {
    for (let round = 1; round <= options.rounds && !options.signal?.aborted; round++) {
      await run.round()
      options.onRound?.(round)
    }
    return await run.finish()
  } finally {
    await run.end()
  }
}

class CrashRun {
  readonly #options: CrashOptions
  readonly #client: CrashClient
  readonly #witness: string
  readonly #secrets = newSecrets()
  readonly #startMs: number[] = []
  readonly #found = { approvals: new Set<string>(), traces: new Set<string>() }
  readonly #lost = { runs: new Set<string>(), entries: new Set<string>() }
  readonly #checked = new Set<Order>()
  #deliveriesChecked = 0
  #server: CrashServer | null = null
  #rounds = 0

  constructor(options: CrashOptions) {
    this.#options = options
    this.#client = new CrashClient(options.random)
    this.#witness = join(options.folder, 'witness.db')
  }

  async round(): Promise<void> {
    const { random } = this.#options
    this.#rounds += 1
    const starting = this.#start()
    if (random() < EARLY_SHARE) {
      starting.catch(() => undefined)
      await sleep(random() * EARLY_MS)
      await this.#server?.kill()
      return
    }
    const over = new AbortController()
    const working = this.#client.work(await starting, over.signal)
    // A server that has just been started first reads its code; most are to die at work.
    if (random() < WARM_SHARE) await this.#firstAnswer()
    await sleep(random() * LOAD_MS)
    await this.#server?.kill()
    over.abort()
    await working
    await this.#check(false)
  }

  /** Lets a last server end everything, and looks at all of it. */
  async finish(): Promise<CrashReport> {
    const url = await this.#start()
    await this.#client.finish(url, PATIENCE_MS)
    const hanging = await this.#hanging(AbortSignal.timeout(PATIENCE_MS))
    await this.#server?.kill()
    await this.#check(true)
    const { orders, surprises, openCount } = this.#client
    const deliveries = deliveriesOf(this.#witness)
    return {
      rounds: this.#rounds,
      acknowledged: {
        runs: orders.filter(({ ended }) => ended !== null).length,
        approvals: orders.filter(({ isApproved }) => isApproved).length,
        calls: deliveries.length,
      },
      lostApprovals: [...this.#found.approvals],
      lostTraces: [...this.#found.traces],
      lostRuns: [...this.#lost.runs],
      lostJournalEntries: [...this.#lost.entries],
      doneTwice: repeatedCalls(deliveries),
      hanging: openCount > 0 ? [...hanging, `${openCount} orders without an ending`] : hanging,
      startMs: this.#startMs,
      surprises,
    }
  }

  async end(): Promise<void> {
    await this.#server?.kill()
  }

  async #firstAnswer(): Promise<void> {
    const before = this.#client.answers
    const deadline = performance.now() + WARM_MS
    while (this.#client.answers === before && performance.now() < deadline) await sleep(10)
  }

  async #hanging(signal: AbortSignal): Promise<readonly string[]> {
    const store = await this.#openStore()
    try {
      for (;;) {
        const found = await hangingRuns(store)
        if (found.length === 0 || signal.aborted) return found
        await sleep(250)
      }
    } finally {
      await store.close()
    }
  }

  /** Looks at what has changed since the last time, or at everything. */
  async #check(isEverything: boolean): Promise<void> {
    const all = deliveriesOf(this.#witness)
    const deliveries = isEverything ? all : all.slice(this.#deliveriesChecked)
    this.#deliveriesChecked = all.length
    const orders = isEverything ? this.#client.orders : this.#unchecked()
    const store = await this.#openStore()
    try {
      const losses = await lossesIn(store, orders, deliveries)
      for (const id of losses.lostApprovals) this.#found.approvals.add(id)
      for (const id of losses.lostTraces) this.#found.traces.add(id)
      for (const id of losses.lostRuns) this.#lost.runs.add(id)
      for (const id of losses.lostJournalEntries) this.#lost.entries.add(id)
    } finally {
      await store.close()
    }
  }

  #unchecked(): readonly Order[] {
    const orders = this.#client.orders.filter((order) => !this.#checked.has(order))
    for (const order of orders) if (order.ended !== null) this.#checked.add(order)
    return orders
  }

  #openStore(): Promise<Store> {
    const { store, openStore } = this.#options
    return openStore(store, { secrets: this.#secrets, maxTraces: 1_000_000 })
  }

  /** Resolves with the address once the server answers. */
  async #start(): Promise<string> {
    const { library, store } = this.#options
    const begun = performance.now()
    const options = { library, store, witness: this.#witness, secrets: this.#secrets }
    this.#server = new CrashServer(options)
    const url = await this.#server.listening()
    this.#startMs.push(performance.now() - begun)
    return url
  }
}
