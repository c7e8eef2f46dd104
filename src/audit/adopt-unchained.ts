import type { ExecutionTrace } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import type { DatabaseAuditRecorder } from '../store/trace-store.ts'

/**
 * Chains the traces of an earlier version of this package, which had no chain. What becomes of them from
 * now on is proved; what they were before is not, and the kind of their records says so.
 */
export async function adoptUnchained(
  { queries }: Database,
  recorder: DatabaseAuditRecorder,
): Promise<void> {
  for (;;) {
    const row = await queries
      .selectFrom('airlock_unchained_traces')
      .select(['position', 'trace_json'])
      .orderBy('position')
      .limit(1)
      .executeTakeFirst()
    if (row === undefined) return
    const trace: ExecutionTrace = JSON.parse(row.trace_json)
    await recorder.adopt(trace, row.position)
  }
}
