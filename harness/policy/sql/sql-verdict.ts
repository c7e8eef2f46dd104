import type { SqlDialect } from '../../sandbox/tool-host.ts'

/** Why a statement is denied, in the order in which reasons are reported. */
export const SQL_REASON_CODES = [
  'too-complex',
  'unparseable',
  'multi-statement',
  'executable-comment',
  'ddl',
  'file-access',
  'session-state',
  'statement-not-allowed',
  'system-catalog',
  'table-not-writable',
  'table-not-readable',
  'dangerous-function',
  'column-restricted',
] as const

/** A machine code for a denied statement, one of {@link SQL_REASON_CODES}. */
export type SqlReasonCode = (typeof SQL_REASON_CODES)[number]

/** What the data policy decided about one SQL text. */
export interface SqlVerdict {
  readonly decision: 'allow' | 'deny'
  /** The first reason in the order of {@link SQL_REASON_CODES}; absent when allowed. */
  readonly reasonCode?: SqlReasonCode
  /** Every further reason that was found. */
  readonly alsoReasons: readonly SqlReasonCode[]
  /** `write` when the statement changes or locks anything, or when that could not be ruled out. */
  readonly action: 'read' | 'write'
  /** Tables by catalogue name, as far as they were understood. */
  readonly tables: { readonly read: readonly string[]; readonly written: readonly string[] }
  /** Columns as `table.column`, as far as they were understood. */
  readonly columns: readonly string[]
  /** Functions called, lower case, without duplicates. */
  readonly functions: readonly string[]
  /** The decision in plain words; names tables and columns, never values. */
  readonly message: string
}

/** One reason with what it concerns, in plain words. */
export interface SqlObjection {
  readonly reason: SqlReasonCode
  readonly message: string
}

/** A policy as it travels to the parsing child: plain data, one per call. */
export interface SqlRules {
  readonly readableTables: readonly string[]
  readonly writableTables: readonly string[]
  readonly restrictedColumns: readonly string[]
  readonly schema: { readonly [table: string]: readonly string[] } | null
  readonly defaultSchema: string | null
  readonly denyDdl: boolean
  readonly allowedFunctions: readonly string[]
}

/** What the parsing child is asked. */
export interface SqlQuestion {
  readonly sql: string
  readonly dialect: SqlDialect
  readonly rules: SqlRules
}

/** Stops a reading: the statement cannot be understood with certainty, or is of a kind that is denied. */
export class SqlRefusal extends Error {
  readonly reason: SqlReasonCode

  constructor(reason: SqlReasonCode, message: string) {
    super(message)
    this.name = 'SqlRefusal'
    this.reason = reason
  }
}

/** A verdict that denies without knowing anything about tables. */
export function deniedOutright(reason: SqlReasonCode, message: string): SqlVerdict {
  return {
    decision: 'deny',
    reasonCode: reason,
    alsoReasons: [],
    action: 'write',
    tables: { read: [], written: [] },
    columns: [],
    functions: [],
    message,
  }
}

/** A name from hostile text in a form that is safe to show: bounded, and without control characters. */
export function shownName(name: string): string {
  const safe = name.replaceAll(/[^\p{L}\p{N} _$.*-]/gu, '?')
  return safe.length > 80 ? `${safe.slice(0, 80)}…` : safe
}
