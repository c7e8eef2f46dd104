import type { ExecutionTrace } from '../../../harness/index.ts'
import { type AuditLine, type StoredRecord, writeLine } from '../../../src/audit/audit-lines.ts'
import type { Store } from '../../../src/store/open-store.ts'

/** A trace of somebody's run, with something personal in it. */
export function traceOf(runId: string, changes: Partial<ExecutionTrace> = {}): ExecutionTrace {
  return {
    ...{ runId, endpoint: 'shop', entrance: 'intent', action: 'read', status: 'running' },
    requester: { userId: 'ada', roles: ['clerk'], tenantId: 'acme' },
    intent: `what did Mrs Lovelace order, ${runId}?`,
    findings: [],
    approvals: [],
    toolCalls: [
      { seq: 0, name: 'orders', readOnly: true, argumentDigest: 'digest-1', outcome: 'value' },
    ],
    startedAt: 5,
    ...changes,
  }
}

/** Puts so many runs on record, each begun and ended. */
export async function recordRuns({ audit }: Store, count: number, prefix = 'run'): Promise<void> {
  for (let i = 0; i < count; i++) {
    await audit.started(traceOf(`${prefix}-${i}`))
    await audit.updated(traceOf(`${prefix}-${i}`, { status: 'completed', finishedAt: 9 }))
  }
}

/** The export of a store, line by line. */
export async function exportOf({ auditLog }: Store): Promise<string[]> {
  const lines: string[] = []
  for await (const line of auditLog.lines()) lines.push(writeLine(line))
  return lines
}

/** The records of an export with the places of their lines. */
export function recordsOf(
  lines: readonly string[],
): readonly (StoredRecord & { readonly place: number })[] {
  return lines.flatMap((text, place) => {
    const line: AuditLine = JSON.parse(text)
    return line.type === 'record' ? [{ ...line, place }] : []
  })
}
