import type { SqlDialect } from '../../sandbox/tool-host.ts'

/**
 * Why a statement is denied, in the order in which reasons are reported. `row-filter`: it could reach rows
 * that the policy's `rowFilter` keeps from the requester.
 */
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
  'row-filter',
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
}

/** One reason with what it concerns, in plain words: it names tables and columns, never values. */
export interface SqlObjection {
  readonly reasonCode: SqlReasonCode
  readonly message: string
}

/** What a statement touches, by the names of the catalogue, for a person or a record. */
export interface SqlTouch {
  readonly action: SqlVerdict['action']
  readonly tables: SqlVerdict['tables']
  /** As `table.column`, as far as they were understood. */
  readonly columns: { readonly read: readonly string[]; readonly written: readonly string[] }
  readonly functions: readonly string[]
}

/** Everything that reading one SQL text gave. Plain data: it comes from the parsing child. */
export interface SqlReading {
  readonly verdict: SqlVerdict
  /** Why it is denied, in the order of {@link SQL_REASON_CODES}. Empty when it is allowed. */
  readonly objections: readonly SqlObjection[]
  readonly touched: SqlTouch
  /** The statement narrowed to the rows of one requester; null when no row filter concerns it. */
  readonly narrowed: NarrowedSql | null
}

/** A fact about the authenticated user that a row filter is bound to. */
export type FilterValue = 'userId' | 'tenantId'

/** A statement that sees filtered tables only through their filters, with its values still to be bound. */
export interface NarrowedSql {
  readonly sql: string
  /** What the added placeholders stand for, in order. */
  readonly bound: readonly FilterValue[]
  readonly placing: ParameterPlacing
}

/** How the values of row filters and those that the caller bound come together. */
export type ParameterPlacing =
  /** The caller's list follows the values of the filters. */
  | { readonly kind: 'before' }
  /** The caller's list, which must have this many values, precedes them. */
  | { readonly kind: 'after'; readonly ownCount: number }
  /** The statement has named placeholders, spelled like `own`; those of the filters are `added`. */
  | { readonly kind: 'named'; readonly own: readonly string[]; readonly added: readonly string[] }

/** A policy as it travels to the parsing child: plain data. */
export interface SqlRules {
  readonly readableTables: readonly string[]
  readonly writableTables: readonly string[]
  readonly restrictedColumns: readonly string[]
  readonly schema: { readonly [table: string]: readonly string[] } | null
  readonly defaultSchema: string | null
  readonly denyDdl: boolean
  readonly allowedFunctions: readonly string[]
  /** Conditions by table; null when rows are not filtered. */
  readonly rowFilter: { readonly [table: string]: string } | null
}

/** What the parsing child is asked. */
export interface SqlQuestion {
  readonly sql: string
  readonly dialect: SqlDialect
  /** {@link SqlRules} as JSON text, so that the child recognises rules that it has seen. */
  readonly rulesText: string
}

/** Stops a reading: the statement cannot be understood with certainty, or is of a kind that is denied. */
export class SqlRefusal extends Error {
  readonly reasonCode: SqlReasonCode

  constructor(reasonCode: SqlReasonCode, message: string) {
    super(message)
    this.name = 'SqlRefusal'
    this.reasonCode = reasonCode
  }
}

/** A reading that denies without knowing anything about tables. */
export function deniedOutright(reasonCode: SqlReasonCode, message: string): SqlReading {
  const nothing = { read: [], written: [] }
  const touched = { action: 'write', tables: nothing, columns: nothing, functions: [] } as const
  return {
    verdict: {
      decision: 'deny',
      reasonCode,
      alsoReasons: [],
      action: 'write',
      tables: nothing,
      columns: [],
      functions: [],
    },
    objections: [{ reasonCode, message }],
    touched,
    narrowed: null,
  }
}

/** A name from hostile text in a form that is safe to show: bounded, and without control characters. */
export function shownName(name: string): string {
  const safe = name.replaceAll(/[^\p{L}\p{N} _$.*-]/gu, '?')
  return safe.length > 80 ? `${safe.slice(0, 80)}…` : safe
}
