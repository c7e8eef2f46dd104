import type { JournalEntry, JsonValue, Tool } from '../../harness/index.ts'
import type { Store } from '../store/open-store.ts'
import type { RunRecord } from '../store/run-store.ts'

/** One call of a run, as a rollback names it. */
export interface RollbackCall {
  readonly seq: number
  readonly tool: string
}

/** What a rollback would do, said before it does anything. */
export interface RollbackPlan {
  /** The calls it undoes, in that order: whatever was done last is undone first. */
  readonly undo: readonly RollbackCall[]
  /** Calls that stay, because nobody knows how to undo them. Without `partial` one of them stops it all. */
  readonly stay: readonly (RollbackCall & { readonly reason: string })[]
  /** Calls whose tool said that it failed: whatever it may have done is left alone. */
  readonly failed: readonly RollbackCall[]
  /** Calls that an earlier rollback has undone. */
  readonly undone: readonly RollbackCall[]
}

/** A call to undo, with what was given and answered then. */
export interface DoneCall extends RollbackCall {
  /** What had reached the tool. */
  readonly argument: JsonValue
  readonly answer: JsonValue
}

/**
 * Works out what can be undone of a run. Calls that change nothing and calls that were refused need no
 * undoing.
 *
 * @param tools - Those that the run's endpoint grants today.
 */
export async function planRollback(
  store: Store,
  run: RunRecord,
  tools: readonly Tool[],
): Promise<RollbackPlan> {
  const entries = await store.journal.read(run.runId)
  const earlier = await earlierRollbacks(store, run)
  const plan = { undo: [], stay: [], failed: [], undone: [] } as {
    undo: RollbackCall[]
    stay: RollbackPlan['stay'][number][]
    failed: RollbackCall[]
    undone: RollbackCall[]
  }
  for (const entry of entries.filter(({ readOnly }) => !readOnly).sort(latestFirst)) {
    const call = { seq: entry.seq, tool: entry.tool }
    const tool = tools.find(({ name }) => name === entry.tool)
    const state = earlier.get(entry.seq)
    if (state === 'undone') plan.undone.push(call)
    else if (entry.answer?.kind === 'error') {
      if (entry.answer.code !== 'ERR_TOOL_DENIED') plan.failed.push(call)
    } else {
      const reason = whyNot(entry, tool, state)
      if (reason === null) plan.undo.push(call)
      else plan.stay.push({ ...call, reason })
    }
  }
  return plan
}

/** The calls to undo as they were made, in the order of a plan. */
export async function doneCalls(
  store: Store,
  runId: string,
  seqs: readonly number[],
): Promise<readonly DoneCall[]> {
  const entries = new Map((await store.journal.read(runId)).map((entry) => [entry.seq, entry]))
  return seqs.map((seq) => {
    const entry = entries.get(seq)
    if (entry?.answer?.kind !== 'value') throw new TypeError('Only a completed call can be undone')
    const { tool, argument, effectiveArgument = argument, answer } = entry
    return { seq, tool, argument: effectiveArgument, answer: answer.value }
  })
}

type Earlier = 'undone' | 'unknown'

/** What earlier rollbacks of the run have come to, by the places of its calls. */
async function earlierRollbacks(
  store: Store,
  run: RunRecord,
): Promise<ReadonlyMap<number, Earlier>> {
  const states = new Map<number, Earlier>()
  for (const { runId, rollback } of await store.runs.rollbacksOf(run.runId)) {
    for (const { seq, answer } of await store.journal.read(runId)) {
      // Its calls are made one after the other, so their places are those of its list.
      const undone = rollback?.calls[seq]
      if (undone === undefined || answer?.kind === 'error') continue
      if (states.get(undone) !== 'undone') states.set(undone, answer ? 'undone' : 'unknown')
    }
  }
  return states
}

function whyNot(
  { answer }: JournalEntry,
  tool: Tool | undefined,
  state: Earlier | undefined,
): string | null {
  if (answer === undefined) return 'whether it happened is not known'
  if (tool === undefined) return 'its tool is not granted any more'
  if (tool.revert === undefined) return 'its tool has no `revert`'
  // Under the same key an idempotent tool undoes it once, however often it is asked.
  if (state === 'unknown' && !tool.idempotent) {
    return 'an earlier rollback was interrupted while it undid this call'
  }
  return null
}

function latestFirst(a: JournalEntry, b: JournalEntry): number {
  const order = (entry: JournalEntry) => entry.finishedOrder ?? Number.POSITIVE_INFINITY
  const difference = order(b) - order(a)
  return Number.isNaN(difference) || difference === 0 ? b.seq - a.seq : difference
}
