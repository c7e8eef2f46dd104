import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/store/open-store.ts'
import type { Order } from './crash-ledger.ts'

/** What was found to be lost or done twice; every list is empty when all is well. */
export interface Findings {
  readonly lostApprovals: readonly string[]
  readonly lostJournalEntries: readonly string[]
  readonly lostTraces: readonly string[]
  readonly lostRuns: readonly string[]
  readonly doneTwice: readonly string[]
  readonly hanging: readonly string[]
}

/** A call as the witness saw it arrive. */
interface Delivery {
  readonly tool: string
  readonly call: string
  readonly key: string
  readonly runId: string
  readonly seq: number
}

/** Every call that ever reached a tool. */
export function deliveriesOf(witnessPath: string): readonly Delivery[] {
  const witness = new DatabaseSync(witnessPath, { timeout: 5_000 })
  try {
    return witness
      .prepare('SELECT tool, call, key, run_id, seq FROM deliveries')
      .all()
      .map((row) => ({
        tool: String(row['tool']),
        call: String(row['call']),
        key: String(row['key']),
        runId: String(row['run_id']),
        seq: Number(row['seq']),
      }))
  } finally {
    witness.close()
  }
}

/** Calls of idempotent tools that came under two keys, and calls of others that came twice. */
export function repeatedCalls(deliveries: readonly Delivery[]): readonly string[] {
  const keysOf = new Map<string, Set<string>>()
  const repeated = new Set<string>()
  for (const { tool, call, key } of deliveries) {
    const keys = keysOf.get(call) ?? new Set()
    if (keys.size > 0 && (tool === 'pay' || !keys.has(key))) repeated.add(call)
    keysOf.set(call, keys.add(key))
  }
  return [...repeated]
}

/** Compares what was acknowledged with what a store holds. */
export async function lossesIn(
  store: Store,
  orders: readonly Order[],
  deliveries: readonly Delivery[],
): Promise<Omit<Findings, 'doneTwice' | 'hanging'>> {
  const lostApprovals: string[] = []
  const lostTraces: string[] = []
  const lostRuns: string[] = []
  for (const order of orders) {
    if (await isApprovalLost(store, order)) lostApprovals.push(order.id)
    const { runId, ended } = order
    if (runId === null || ended === null) continue
    const run = await store.runs.get(runId)
    if (run === null || (ended === 'completed' && run.status !== ended)) lostRuns.push(order.id)
    const [trace] = await store.audit.list({ runId })
    if (trace === undefined || trace.status !== run?.status) lostTraces.push(order.id)
  }
  const lostJournalEntries = await unrecordedCalls(store, deliveries)
  return { lostApprovals, lostJournalEntries, lostTraces, lostRuns }
}

async function isApprovalLost(store: Store, order: Order): Promise<boolean> {
  if (order.approvalId === null) return false
  const request = await store.approvals.get(order.approvalId)
  return request === null || (order.isApproved && request.state !== 'approved')
}

/** A call leaves once it is on record, so whatever arrived was acknowledged by the journal. */
async function unrecordedCalls(
  store: Store,
  deliveries: readonly Delivery[],
): Promise<readonly string[]> {
  const byRun = Map.groupBy(deliveries, ({ runId }) => runId)
  const missing: string[] = []
  for (const [runId, calls] of byRun) {
    const recorded = new Map((await store.journal.read(runId)).map((entry) => [entry.seq, entry]))
    for (const { call, seq, key } of calls) {
      if (recorded.get(seq)?.idempotencyKey !== key) missing.push(call)
    }
  }
  return missing
}

/** Runs that neither ended nor wait for a person. */
export async function hangingRuns(store: Store): Promise<readonly string[]> {
  const underWay = await store.runs.list({ statuses: ['queued', 'running'], limit: 1_000 })
  return underWay.map(({ runId }) => runId)
}
