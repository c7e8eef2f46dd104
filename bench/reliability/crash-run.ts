import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
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
const PATIENCE_MS = 120_000

/** Kills a server with SIGKILL at random moments under load, and looks at what is left each time. */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const run = new CrashRun(options)
  try {
    for (let round = 0; round < options.rounds; round++) {
      await run.round()
      options.onRound?.(round + 1)
    }
    return await run.finish()
  } finally {
    run.end()
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
  #server: ChildProcess | null = null

  constructor(options: CrashOptions) {
    this.#options = options
    this.#client = new CrashClient(options.random)
    this.#witness = join(options.folder, 'witness.db')
  }

  async round(): Promise<void> {
    const { random } = this.#options
    const starting = this.#start()
    if (random() < EARLY_SHARE) {
      starting.catch(() => undefined)
      await sleep(random() * EARLY_MS)
      await this.#kill()
      return
    }
    const over = new AbortController()
    const working = this.#client.work(await starting, over.signal)
    await sleep(random() * LOAD_MS)
    await this.#kill()
    over.abort()
    await working
    await this.#check(false)
  }

  /** Lets a last server end everything, and looks at all of it. */
  async finish(): Promise<CrashReport> {
    const url = await this.#start()
    const signal = AbortSignal.timeout(PATIENCE_MS)
    await this.#client.finish(url, signal)
    const hanging = await this.#hanging(signal)
    await this.#kill()
    await this.#check(true)
    const { orders, surprises, openCount } = this.#client
    const deliveries = deliveriesOf(this.#witness)
    return {
      rounds: this.#options.rounds,
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

  end(): void {
    this.#server?.kill('SIGKILL')
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
    const entry = join(import.meta.dirname, 'crash-server.ts')
    const { signingKey, masterKey } = this.#secrets
    const begun = performance.now()
    const server = spawn(process.execPath, [entry, library, store, this.#witness], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, AIRLOCK_AUDIT_KEY: signingKey, AIRLOCK_MASTER_KEY: masterKey },
    })
    this.#server = server
    let output = ''
    for await (const chunk of server.stdout) {
      output += String(chunk)
      const url = /^listening (\S+)$/m.exec(output)?.[1]
      if (url === undefined) continue
      this.#startMs.push(performance.now() - begun)
      return url
    }
    throw new Error(`The server ended before it listened: ${output}`)
  }

  async #kill(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
}

function newSecrets() {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    masterKey: randomBytes(32).toString('base64'),
  }
}
