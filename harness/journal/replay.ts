import type { JsonValue } from '../json-value.ts'
import { callDigest } from './canonical-json.ts'
import type { JournalAnswer, JournalEntry } from './run-journal.ts'

/** A call as the program makes it now. */
export interface ReplayedCall {
  readonly tool: string
  readonly argument: JsonValue
}

/** A call that waited for a person. */
export interface HeldCall extends ReplayedCall {
  readonly seq: number
}

/** Where a call stands in the journal. */
export type ReplayPlace =
  /** It was answered: {@link ReplayCursor.deliver} gives the answer when its turn has come. */
  | { readonly kind: 'recorded'; readonly entry: JournalEntry }
  /** It left and no answer is on record. */
  | { readonly kind: 'unanswered'; readonly entry: JournalEntry }
  /** It has not left before; `seq` is its place. */
  | { readonly kind: 'new'; readonly seq: number }
  /** The program takes another way than the one on record. */
  | { readonly kind: 'diverged'; readonly expected: JournalEntry; readonly got: ReplayedCall }

/**
 * Leads a program that runs again along its journal.
 *
 * **Calls** are matched by content, the earliest place first; chains that run concurrently may swap
 * places, so a later one of equal content will do. A call that was held for a person never left and has
 * no entry, but keeps its place, and with it the approval that is bound to it; as its argument may have
 * been completed by a schema, the tool's name is enough there. A place of which nothing is known belonged
 * to a call that was still being judged when the process died: the next call that equals nothing takes it.
 * When all entries are matched, calls are new. Anything else has diverged.
 *
 * **Answers** are delivered in the order in which they first arrived, each after every earlier one,
 * started yet or not. That cannot lock up: a call whose answer came earlier had been started before this
 * answer was there, so its start depends on earlier answers alone, and those are delivered first. A
 * program that never makes that call again has diverged; {@link ReplayCursor.missing} says so.
 *
 * **Live answers** (of calls that are new or were unanswered) came after everything on record. Hold them
 * until {@link ReplayCursor.caughtUp}, or the program overtakes its own past.
 */
export class ReplayCursor {
  readonly #entries: readonly JournalEntry[]
  readonly #held: readonly HeldCall[]
  /** Places that a call which equals nothing must not take. */
  readonly #known: Set<number>
  readonly #taken = new Set<number>()
  /** Places by content, in start order. */
  readonly #byDigest = new Map<string, Place[]>()
  /** Recorded answers in the order in which they are delivered. */
  readonly #turns: readonly Turn[]
  readonly #turnBySeq: ReadonlyMap<number, Turn>
  readonly #caughtUp = Promise.withResolvers<void>()
  #nextEntry = 0
  #nextSeq: number
  #nextTurn = 0
  #isDelivering = false

  /**
   * @param entries - The journal of the run.
   * @param held - Calls of the run that approvals were asked for; those that left since are ignored.
   * @param firstSeq - The first place of the program's. Entries before it are of other programs and have to
   * be left out.
   */
  constructor(
    entries: readonly JournalEntry[],
    held: readonly HeldCall[] = [],
    firstSeq: number = 0,
  ) {
    this.#nextSeq = firstSeq
    this.#entries = [...entries].sort(inStartOrder)
    const started = new Set(entries.map(({ seq }) => seq))
    this.#held = held.filter(({ seq }) => !started.has(seq)).sort(inStartOrder)
    this.#known = new Set([...started, ...this.#held.map(({ seq }) => seq)])
    const places: readonly (Place & { readonly digest: string })[] = [
      ...this.#entries.map((entry) => ({ seq: entry.seq, digest: entry.digest, entry })),
      ...this.#held.map((call) => ({ seq: call.seq, digest: digestOf(call), entry: null })),
    ]
    for (const place of places.toSorted(inStartOrder)) {
      const equal = this.#byDigest.get(place.digest)
      if (equal === undefined) this.#byDigest.set(place.digest, [place])
      else equal.push(place)
    }
    this.#turns = this.#entries
      .flatMap((entry) => (entry.answer === undefined ? [] : [{ entry, answer: entry.answer }]))
      .sort((a, b) => (a.entry.finishedOrder ?? 0) - (b.entry.finishedOrder ?? 0))
      .map(({ entry, answer }) => ({ seq: entry.seq, answer, deliver: null }))
    this.#turnBySeq = new Map(this.#turns.map((turn) => [turn.seq, turn]))
    this.#settle()
  }

  /** Finds the place of a call. Must be asked in the order in which the program starts its calls. */
  next(call: ReplayedCall): ReplayPlace {
    const equal = this.#byDigest.get(digestOf(call))
    while (this.#taken.has(equal?.[0]?.seq ?? -1)) equal?.shift()
    const place = equal?.[0]
    if (place !== undefined) return this.#take(place)
    const expected = this.missing
    const isDue = ({ seq }: { readonly seq: number }) => expected === null || seq < expected.seq
    const held = this.#held.find(
      (candidate) =>
        candidate.tool === call.tool && !this.#taken.has(candidate.seq) && isDue(candidate),
    )
    if (held !== undefined) return this.#take({ seq: held.seq, entry: null })
    while (this.#known.has(this.#nextSeq)) this.#nextSeq += 1
    if (expected !== null && !isDue({ seq: this.#nextSeq })) {
      return { kind: 'diverged', expected, got: call }
    }
    this.#known.add(this.#nextSeq)
    return this.#take({ seq: this.#nextSeq, entry: null })
  }

  /**
   * Gives the recorded answer of an entry that {@link next} has found, when every answer that came
   * before it has been given.
   */
  deliver(entry: JournalEntry): Promise<JournalAnswer> {
    const turn = this.#turnBySeq.get(entry.seq)
    if (turn === undefined) throw new TypeError('Only a recorded call has an answer to deliver')
    const { promise, resolve } = Promise.withResolvers<JournalAnswer>()
    turn.deliver = () => resolve(turn.answer)
    this.#settle()
    return promise
  }

  /** Resolves when every call on record has been made again and every recorded answer is given. */
  caughtUp(): Promise<void> {
    return this.#caughtUp.promise
  }

  /**
   * The first call on record that the program has not made again. A program that has ended, or that a
   * deadline has stopped, with a call missing has diverged.
   */
  get missing(): JournalEntry | null {
    while (this.#taken.has(this.#entries[this.#nextEntry]?.seq ?? -1)) this.#nextEntry += 1
    return this.#entries[this.#nextEntry] ?? null
  }

  #take({ seq, entry }: Place): ReplayPlace {
    this.#taken.add(seq)
    if (entry === null) return { kind: 'new', seq }
    this.#settle()
    return { kind: entry.answer === undefined ? 'unanswered' : 'recorded', entry }
  }

  #settle(): void {
    if (this.#isDelivering) return
    const turn = this.#turns[this.#nextTurn]
    if (turn?.deliver) {
      turn.deliver()
      this.#nextTurn += 1
      this.#isDelivering = true
      // One at a time: promises resolved in one go are overtaken by those with fewer steps behind them.
      setImmediate(() => {
        this.#isDelivering = false
        this.#settle()
      })
    } else if (this.missing === null && turn === undefined) this.#caughtUp.resolve()
  }
}

interface Place {
  readonly seq: number
  readonly entry: JournalEntry | null
}

interface Turn {
  readonly seq: number
  readonly answer: JournalAnswer
  deliver: (() => void) | null
}

function inStartOrder(a: { readonly seq: number }, b: { readonly seq: number }): number {
  return a.seq - b.seq
}

function digestOf({ tool, argument }: ReplayedCall): string {
  return callDigest(tool, argument)
}
