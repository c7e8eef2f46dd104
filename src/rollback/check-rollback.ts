import type { Tool } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import type { Store } from '../store/open-store.ts'
import { OPEN_STATUSES, type RunRecord } from '../store/run-store.ts'
import { planRollback, type RollbackPlan } from './rollback-plan.ts'

/**
 * Says whether a run can be undone as asked, before anything of it is.
 *
 * @param isPartial - Whether calls that cannot be undone may stay.
 * @throws {RequestError} `ERR_RUN_CONFLICT` when the run has not ended or is a rollback itself,
 * `ERR_ROLLBACK_INCOMPLETE` naming the calls that would stay.
 */
export async function checkRollback(
  store: Store,
  run: RunRecord,
  tools: readonly Tool[],
  isPartial: boolean,
): Promise<RollbackPlan> {
  // A handler whose process died has ended, whatever became of what it did.
  const isWaiting = run.status === 'outcome_unknown' && run.program === undefined
  if (OPEN_STATUSES.includes(run.status) && !isWaiting) {
    throw conflict(`The run is ${run.status}: only a run that has ended can be undone`)
  }
  if (run.rollback !== undefined) throw conflict('A rollback is not undone: send the request again')
  const plan = await planRollback(store, run, tools)
  if (plan.stay.length === 0 || isPartial) return plan
  const stay = plan.stay.map(({ seq, tool, reason }) => `call ${seq} of "${tool}", as ${reason}`)
  const shown = stay.slice(0, MAX_NAMED).join('; ')
  const more = stay.length > MAX_NAMED ? `; and ${stay.length - MAX_NAMED} more` : ''
  throw new RequestError(
    'ERR_ROLLBACK_INCOMPLETE',
    `Nothing was undone, as this would stay: ${shown}${more}. Ask for \`partial\` to undo the rest`,
  )
}

const MAX_NAMED = 10

function conflict(message: string): RequestError {
  return new RequestError('ERR_RUN_CONFLICT', message)
}
