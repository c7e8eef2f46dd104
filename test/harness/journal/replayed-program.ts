import { callDigest } from '../../../harness/journal/canonical-json.ts'
import { type HeldCall, ReplayCursor, type ReplayPlace } from '../../../harness/journal/replay.ts'
import type { JournalAnswer, JournalEntry } from '../../../harness/journal/run-journal.ts'
import type { JsonValue } from '../../../harness/json-value.ts'

/** Calls that are started together; the chain goes on when all, or the first, are answered. */
export interface CallGroup {
  readonly tools: readonly string[]
  readonly waitsFor: 'all' | 'first'
  /** Otherwise several chains make the very same calls. */
  readonly isUnique: boolean
}

/** One of several concurrent parts of a program. */
export type Chain = readonly CallGroup[]

/** What happens next, modulo what can happen. */
export type Choice = number

/** How one attempt at a run went. */
export interface Attempt {
  readonly journal: readonly JournalEntry[]
  /** Calls that an approval was asked for, those of earlier attempts included. */
  readonly held: readonly HeldCall[]
  readonly diverged: ReplayPlace | null
  readonly isComplete: boolean
  readonly missing: JournalEntry | null
  /** Places whose answer was recorded in this attempt. */
  readonly answered: readonly number[]
  /** Places in the order in which the program saw their answers. */
  readonly delivered: readonly number[]
}

interface GuestCall {
  readonly tool: string
  readonly argument: JsonValue
  onAnswer(answer: JournalAnswer): void
}

/**
 * A deterministic program with concurrent chains. Arguments hold what was answered before, in the order
 * in which it came, so a replay that gives answers in another order makes other calls.
 */
class Guest {
  readonly #start: (call: GuestCall) => void
  #openChains: number

  constructor(chains: readonly Chain[], start: (call: GuestCall) => void) {
    this.#start = start
    this.#openChains = chains.length
    for (const [index, chain] of chains.entries()) this.#step(chain, index, 0, [])
  }

  get isComplete(): boolean {
    return this.#openChains === 0
  }

  #step(chain: Chain, index: number, step: number, seen: readonly JsonValue[]): void {
    const group = chain[step]
    if (group === undefined) {
      this.#openChains -= 1
      return
    }
    const answers: JsonValue[] = [...seen]
    const wanted = group.waitsFor === 'all' ? group.tools.length : 1
    let arrived = 0
    group.tools.forEach((tool, place) => {
      const argument = group.isUnique ? { index, step, place, seen } : { step }
      const onAnswer = (answer: JournalAnswer) => {
        arrived += 1
        answers.push(answer.kind === 'value' ? answer.value : answer.message)
        if (arrived === wanted) this.#step(chain, index, step + 1, [...answers])
      }
      this.#start({ tool, argument, onAnswer })
    })
  }
}

/**
 * Runs a program over its journal as the tool gate does. With `stops`, it ends when the choices run out;
 * then calls may have been held, be in flight, or be answered without the program knowing.
 */
export async function runAttempt(
  chains: readonly Chain[],
  { journal: recorded, held: asked }: Pick<Attempt, 'journal' | 'held'>,
  { order, stops }: { readonly order: readonly Choice[]; readonly stops: boolean },
): Promise<Attempt> {
  const journal = new Map(recorded.map((entry) => [entry.seq, entry]))
  const cursor = new ReplayCursor(recorded, asked)
  const held = [...asked]
  const inbox: { seq: number; give: () => void }[] = []
  const inFlight: { seq: number; call: GuestCall }[] = []
  const answered: number[] = []
  const delivered: number[] = []
  let diverged: ReplayPlace | null = null
  let finishedCount = recorded.filter(({ answer }) => answer !== undefined).length
  let isEnding = false
  let step = 0
  const choose = (count: number) => (order[step++] ?? 0) % count

  const receive = (seq: number, call: GuestCall, answer: JournalAnswer) =>
    inbox.push({ seq, give: () => call.onAnswer(answer) })

  const onCall = (call: GuestCall) => {
    const place = cursor.next(call)
    if (place.kind === 'diverged') {
      diverged ??= place
      return
    }
    if (place.kind === 'recorded') {
      const { entry } = place
      void cursor.deliver(entry).then((answer) => receive(entry.seq, call, answer))
      return
    }
    if (place.kind === 'new') {
      // Held for a person: it gets no entry, and the program will soon be ended.
      if (stops && choose(8) === 7) {
        isEnding = true
        held.push({ seq: place.seq, tool: call.tool, argument: call.argument })
        return
      }
      journal.set(place.seq, newEntry(place.seq, call))
    }
    inFlight.push({ seq: place.kind === 'new' ? place.seq : place.entry.seq, call })
  }

  const finishOne = () => {
    const [done] = inFlight.splice(choose(inFlight.length), 1)
    const entry = done && journal.get(done.seq)
    if (done === undefined || entry === undefined) throw new TypeError('Nothing is in flight')
    const answer: JournalAnswer = { kind: 'value', value: `${done.call.tool}${finishedCount}` }
    journal.set(done.seq, { ...entry, answer, finishedOrder: finishedCount++ })
    answered.push(done.seq)
    void cursor.caughtUp().then(() => receive(done.seq, done.call, answer))
  }

  const guest = new Guest(chains, onCall)
  while (diverged === null && (stops ? step < order.length : true)) {
    await new Promise(setImmediate)
    const canGive = inbox.length > 0 && !isEnding
    if (!canGive && inFlight.length === 0) break
    step += 1
    if (canGive && (inFlight.length === 0 || choose(2) === 0)) {
      const next = inbox.shift()
      if (next !== undefined) delivered.push(next.seq)
      next?.give()
    } else finishOne()
  }
  const { isComplete } = guest
  return {
    journal: [...journal.values()],
    held,
    diverged,
    isComplete,
    missing: cursor.missing,
    answered,
    delivered,
  }
}

function newEntry(seq: number, { tool, argument }: GuestCall): JournalEntry {
  return {
    runId: 'run-1',
    seq,
    tool,
    argument,
    digest: callDigest(tool, argument),
    readOnly: false,
    idempotencyKey: `run-1:${seq}`,
    startedAt: 0,
  }
}
