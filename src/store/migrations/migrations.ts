import type { Compilable, Kysely } from 'kysely'
import { firstTables } from './0001-first-tables.ts'
import { runLeases } from './0002-run-leases.ts'
import { runAttempts } from './0003-run-attempts.ts'
import { effectiveArguments } from './0004-effective-arguments.ts'
import { approvalDecisions } from './0005-approval-decisions.ts'
import { auditChain } from './0006-audit-chain.ts'
import { runRequests } from './0007-run-requests.ts'

/** One step of the schema: the statements that lead to it from the step before. */
export type Migration = (db: Kysely<unknown>) => readonly Compilable[]

/** Every step, oldest first. Steps are only ever added: a released one is never edited or removed. */
export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  runLeases,
  runAttempts,
  effectiveArguments,
  approvalDecisions,
  auditChain,
  runRequests,
]
