import {
  ApprovalWorkflow,
  DEFAULT_LIMITS,
  HarnessEngine,
  type HarnessOutcome,
  type JournalEntry,
  type JsonValue,
  MemoryApprovalStore,
  MemoryRunJournal,
  type ProgramReader,
  type RunJournal,
  type Sandbox,
  type Tool,
  type TurnRecord,
} from '../../../harness/index.ts'

/** Numbers that look drawn by lot, the same for the same seed. */
export class Lot {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** A whole number from 0 to `below`, without `below`. */
  draw(below: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    this.#state >>>= 0
    return this.#state % below
  }
}

/**
 * A program of concurrent chains that call, race calls against timers, sleep, look at the clock and draw
 * numbers. All of them write into one list that goes into every argument, so whatever comes in another order
 * makes other calls.
 */
export function drawProgram(lot: Lot): string {
  const chains = Array.from({ length: 1 + lot.draw(3) }, (_, chain) => {
    const steps = Array.from({ length: 1 + lot.draw(4) }, (_, step) => drawStep(lot, chain, step))
    return `(async () => { ${steps.join('\n')} })()`
  })
  return `const seen = []
const sleep = (ms, what) => new Promise((done) => setTimeout(() => done(what), ms))
const note = (what) => { seen.push(what); return what }
await Promise.all([${chains.join(',\n')}])
return { seen, end: Date.now() }`
}

function drawStep(lot: Lot, chain: number, step: number): string {
  const id = `${chain}.${step}`
  const call = (part: string) => `tools.work({ id: '${id}${part}', seen: [...seen] })`
  switch (lot.draw(6)) {
    case 0:
      return `note(await ${call('')})`
    case 1:
      return `note(await Promise.race([${call('')}, sleep(${lot.draw(12)}, 'timer ${id}')]))`
    case 2:
      return `note(await Promise.all([${call('a')}, ${call('b')}]))`
    case 3:
      return `note(await sleep(${lot.draw(12)}, 'slept ${id}'))`
    case 4:
      return `note(await Promise.race([${call('a')}, ${call('b')}, sleep(${lot.draw(12)}, 'timer ${id}')]))`
    default:
      return `note([Date.now(), Math.random()]); note(await ${call('')})`
  }
}

/** One run that is interrupted and gone on with, as often as wanted. */
export class InterruptedRun {
  /** What left for the tool, by idempotency key. */
  readonly effects: string[] = []
  readonly #reader: ProgramReader
  readonly #sandbox: Sandbox
  readonly #source: string
  readonly #delayOf: (argument: JsonValue) => number

  constructor(
    source: string,
    means: {
      readonly reader: ProgramReader
      readonly sandbox: Sandbox
      /** How long the tool takes, in milliseconds. */
      readonly delayOf: (argument: JsonValue) => number
    },
  ) {
    this.#source = source
    this.#reader = means.reader
    this.#sandbox = means.sandbox
    this.#delayOf = means.delayOf
  }

  /** Runs until the end, or as long as is said: then everything stops as if the process had been killed. */
  async run(
    journal: RunJournal,
    {
      killAfterMs = null,
      lastTurns,
    }: { readonly killAfterMs?: number | null; readonly lastTurns?: TurnRecord | undefined } = {},
  ): Promise<{
    readonly outcome: HarnessOutcome | null
    readonly journal: readonly JournalEntry[]
  }> {
    const controller = new AbortController()
    const engine = new HarnessEngine({
      ...{ reader: this.#reader, sandbox: this.#sandbox, journal },
      approvals: new ApprovalWorkflow({ store: new MemoryApprovalStore(), clock: Date.now }),
    })
    const running = engine.run({
      ...{ runId: 'run-1', endpoint: 'lab', entrance: 'intent', source: this.#source },
      ...{ language: 'js', intentAction: 'write', requester: null, data: null },
      tools: [this.#tool()],
      ...{ policies: [], approvalRules: [], validators: [] },
      limits: { ...DEFAULT_LIMITS, timeoutMs: 30_000 },
      determinism: { startTimeMs: 1_000_000, seed: 'ab'.repeat(32) },
      signal: controller.signal,
      trustDomain: 'lab',
      ...(lastTurns === undefined ? {} : { lastTurns }),
    })
    if (killAfterMs === null) {
      const outcome = await running
      return { outcome, journal: await journal.read('run-1') }
    }
    await new Promise((resolve) => setTimeout(resolve, killAfterMs))
    // What is durable now is all that is left; whatever the dying process still writes is lost.
    const left = structuredClone(await journal.read('run-1'))
    controller.abort()
    await running
    return { outcome: null, journal: left }
  }

  #tool(): Tool {
    return {
      ...{ name: 'work', description: 'Works', readOnly: false, idempotent: true },
      input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
      run: async (argument, { idempotencyKey }) => {
        this.effects.push(idempotencyKey)
        await new Promise((resolve) => setTimeout(resolve, this.#delayOf(argument)))
        return (argument as { readonly id: string }).id
      },
    }
  }
}

/** A journal that holds what another one held. */
export async function journalOf(entries: readonly JournalEntry[]): Promise<MemoryRunJournal> {
  const journal = new MemoryRunJournal()
  for (const entry of entries) {
    const { answer, finishedOrder = 0, finishedAt = 0, ...call } = entry
    await journal.started(call)
    if (answer !== undefined) {
      await journal.finished('run-1', entry.seq, answer, { finishedOrder, finishedAt })
    }
  }
  return journal
}
