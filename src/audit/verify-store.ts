import type { Database } from '../store/database.ts'
import type { SubjectSeal } from '../store/subject-keys.ts'
import { readChain } from './audit-export.ts'
import { openTrace } from './audit-payload.ts'
import { columnsOf, searchedNames } from './trace-columns.ts'
import {
  type AuditProblem,
  type AuditReport,
  ChainVerifier,
  type VerifyOptions,
} from './verify-chain.ts'

const PAGE = 500
const MAX_PROBLEMS = 100
/** The chain may be written while it is read; what looks wrong then is looked at again. */
const ATTEMPTS = 3

/** Checks the chain of a store, and that what traces are searched by says what the traces say. */
export async function verifyStore(
  database: Database,
  seal: SubjectSeal,
  options: VerifyOptions,
): Promise<AuditReport> {
  let report = await verifyRecords(database, options)
  for (let attempt = 1; attempt < ATTEMPTS && !report.isIntact; attempt++) {
    const { first, last } = report
    report = await verifyRecords(database, options)
    if (report.first === first && report.last === last) break
  }
  const strays = await verifyIndex(database, seal)
  const problems = [...report.problems, ...strays]
  return {
    ...report,
    isIntact: problems.length === 0,
    broken: report.broken ?? strays[0] ?? null,
    problems,
  }
}

async function verifyRecords(database: Database, options: VerifyOptions): Promise<AuditReport> {
  const verifier = new ChainVerifier(options)
  for await (const line of readChain(database)) verifier.take(line)
  return verifier.finish()
}

async function verifyIndex(database: Database, seal: SubjectSeal): Promise<AuditProblem[]> {
  const problems: AuditProblem[] = []
  let after = 0
  while (problems.length < MAX_PROBLEMS) {
    const rows = await readRows(database, after)
    for (const row of rows) {
      const message = await strayOf(database, row, seal)
      if (message !== null) {
        problems.push({ fault: 'index', position: row.record_position, message })
      }
    }
    const last = rows.at(-1)
    if (rows.length < PAGE || last === undefined) break
    after = last.position
  }
  const hidden = await readHidden(database)
  return [
    ...problems,
    ...hidden.map((position): AuditProblem => {
      return { fault: 'index', position, message: `The trace at ${position} cannot be found` }
    }),
  ]
}

type Row = Awaited<ReturnType<typeof readRows>>[number]

function readRows({ queries }: Database, after: number) {
  return queries
    .selectFrom('airlock_traces as trace')
    .leftJoin('airlock_audit_records as record', 'record.position', 'trace.record_position')
    .select([
      ...(['trace.position', 'trace.run_id', 'trace.record_position', 'trace.tenant_id'] as const),
      ...(['trace.user_id', 'trace.owner_json', 'trace.endpoint', 'trace.status'] as const),
      ...(['trace.verdict', 'record.payload', 'record.run_id as recorded_run_id'] as const),
    ])
    .select(({ selectFrom }) =>
      selectFrom('airlock_audit_records as newest')
        .select(({ fn }) => fn.max('newest.position').as('position'))
        .whereRef('newest.run_id', '=', 'trace.run_id')
        .where('newest.kind', 'like', 'trace.%')
        .as('newest'),
    )
    .where('trace.position', '>', after)
    .orderBy('trace.position')
    .limit(PAGE)
    .execute()
}

/** @returns What the row says wrongly; `null` when it is right. */
async function strayOf(database: Database, row: Row, seal: SubjectSeal): Promise<string | null> {
  const { position, run_id: runId, record_position, payload, recorded_run_id } = row
  const which = `The trace at ${position}`
  if (recorded_run_id !== runId || row.newest !== record_position) {
    return `${which} is found by a record that is not its newest`
  }
  // Its retention is over since the row was read.
  if (payload === null) return null
  let trace: Awaited<ReturnType<typeof openTrace>>
  try {
    trace = await openTrace(payload, runId, seal)
  } catch {
    return `${which} cannot be read`
  }
  if (trace.withheld === 'damaged') return `${which} cannot be opened`
  const columns = columnsOf(trace)
  const isErased = trace.withheld === 'erased'
  const names = isErased
    ? (['endpoint', 'status'] as const)
    : (['tenant_id', 'user_id', 'owner_json', 'endpoint', 'status', 'verdict'] as const)
  const wrong = names.find((name) => columns[name] !== row[name])
  if (wrong !== undefined) return `${which} is found by a wrong ${wrong}`
  return (await hasNames(database, position, searchedNames(trace)))
    ? null
    : `${which} is not found by the tools and tables that it names`
}

async function hasNames(
  { queries }: Database,
  position: number,
  names: readonly string[],
): Promise<boolean> {
  const rows = await queries
    .selectFrom('airlock_trace_names')
    .select('name')
    .where('position', '=', position)
    .execute()
  const found = new Set(rows.map(({ name }) => name))
  return names.every((name) => found.has(name))
}

/** Runs that began on record, are still kept, and that no search can find. */
async function readHidden({ queries }: Database): Promise<readonly number[]> {
  const rows = await queries
    .selectFrom('airlock_audit_records as record')
    .select('record.position')
    .where('record.kind', '=', 'trace.started')
    .where('record.position', '>', ({ selectFrom }) =>
      selectFrom('airlock_audit_head').select('floor'),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('airlock_traces')
            .select('airlock_traces.position')
            .whereRef('airlock_traces.run_id', '=', 'record.run_id'),
        ),
      ),
    )
    .orderBy('record.position')
    .limit(MAX_PROBLEMS)
    .execute()
  return rows.map(({ position }) => position)
}
