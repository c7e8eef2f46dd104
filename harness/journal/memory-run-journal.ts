import { AgenticError } from '../errors.ts'
import type { AnswerPlace, JournalAnswer, JournalEntry, RunJournal } from './run-journal.ts'

/** How a {@link MemoryRunJournal} is bounded. */
export interface MemoryRunJournalOptions {
  /** Most runs kept; the run that began first is forgotten first. Default 10 000. */
  readonly maxRuns?: number
}

/** Journals for as long as the process lives: for tests and for a harness that works alone. */
export class MemoryRunJournal implements RunJournal {
  readonly #runs = new Map<string, Map<number, JournalEntry>>()
  readonly #maxRuns: number

  constructor(options: MemoryRunJournalOptions = {}) {
    this.#maxRuns = options.maxRuns ?? 10_000
    if (!Number.isSafeInteger(this.#maxRuns) || this.#maxRuns < 1) {
      throw new RangeError('MemoryRunJournal maxRuns must be a positive whole number')
    }
  }

  async started(entry: JournalEntry): Promise<void> {
    const entries = this.#runs.get(entry.runId) ?? new Map<number, JournalEntry>()
    if (entries.has(entry.seq)) throw alreadyRecorded(entry.seq)
    entries.set(entry.seq, structuredClone(entry))
    this.#runs.set(entry.runId, entries)
    for (const runId of this.#runs.keys()) {
      if (this.#runs.size <= this.#maxRuns) break
      this.#runs.delete(runId)
    }
  }

  async finished(
    runId: string,
    seq: number,
    answer: JournalAnswer,
    place: AnswerPlace,
  ): Promise<void> {
    const entries = this.#runs.get(runId)
    const entry = entries?.get(seq)
    if (entry === undefined || entry.answer !== undefined) throw alreadyRecorded(seq)
    const { isReleased: _, ...call } = entry
    entries?.set(seq, { ...call, answer: structuredClone(answer), ...place })
  }

  async resent(runId: string, seq: number): Promise<void> {
    const entries = this.#runs.get(runId)
    const entry = entries?.get(seq)
    if (entry?.isReleased !== true) throw alreadyRecorded(seq)
    const { isReleased: _, ...call } = entry
    entries?.set(seq, call)
  }

  async read(runId: string): Promise<readonly JournalEntry[]> {
    return [...(this.#runs.get(runId)?.values() ?? [])].sort((a, b) => a.seq - b.seq)
  }
}

/** Somebody else goes on with the same run: whoever comes second must stop, or calls happen twice. */
function alreadyRecorded(seq: number): AgenticError {
  return new AgenticError(
    'ERR_RUN_DIVERGED',
    `Call ${seq} of this run is already on record, or was never started: the run goes on elsewhere`,
  )
}
