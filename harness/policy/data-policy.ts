import { ConfigurationError, ToolError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json-value.ts'
import type { Program } from '../program.ts'
import type { Requester } from '../requester.ts'
import type { SqlDialect } from '../sandbox/tool-host.ts'
import type { Finding } from '../verdict.ts'
import type { Policy, PolicyContext, PolicyMode, PolicyToolCall } from './policy.ts'
import { readPolicyMode } from './policy-options.ts'
import type { RewritingPolicy } from './rewrite-tool-call.ts'
import { bindFilterValues } from './sql/bind-filter-values.ts'
import { describeTouch } from './sql/describe-touch.ts'
import { type DataPolicyOptions, readSqlRules } from './sql/sql-rules.ts'
import {
  type SqlObjection,
  type SqlReading,
  SqlRefusal,
  type SqlTouch,
  type SqlVerdict,
} from './sql/sql-verdict.ts'
import { type SqlFinding, sqlFinding, statementFindings } from './sql/statement-findings.ts'
import { StatementReader } from './sql/statement-reader.ts'

export type { DataPolicyOptions } from './sql/sql-rules.ts'

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

/** How one text is judged. */
export interface JudgeSqlOptions {
  /** The database's dialect, which is never guessed. */
  readonly dialect: SqlDialect
  /** Gives up. */
  readonly signal?: AbortSignal
  /** Who asks, so that the backlog of one caller does not hold up another. Default: nobody in particular. */
  readonly fairKey?: string
}

/** Why a text is allowed or denied, and what it touches. */
export interface SqlExplanation {
  readonly verdict: SqlVerdict
  /** One for each thing that is wrong, the most severe first. Empty when the text is allowed. */
  readonly objections: readonly SqlObjection[]
  readonly touched: SqlTouch
  /** What it touches in plain words, such as `writes orders.status; reads orders.id`. */
  readonly summary: string
}

/** For whom a statement is rewritten. */
export interface RewriteSqlOptions extends JudgeSqlOptions {
  /** The authenticated user that row filters are bound to. */
  readonly requester: Requester | null
  /** What the caller bound: a list, or an object for named placeholders. Default: nothing. */
  readonly params?: JsonValue
}

/** A statement that shows a requester no rows but their own, or why there is none. */
export type RewrittenSql =
  | {
      readonly decision: 'allow'
      readonly sql: string
      readonly params: readonly JsonValue[] | JsonObject
    }
  | { readonly decision: 'deny'; readonly objections: readonly SqlObjection[] }

/**
 * Decides which SQL may reach a database: on the literals of a program before it runs, and on the
 * statement that a tool call really carries. A statement is read by a grammar, every name in it is
 * resolved, and what cannot be understood with certainty is denied.
 *
 * Parsing happens in child processes that are killed when it takes too long; {@link DataPolicy.close}
 * ends them.
 *
 * @example
 * ```ts
 * const policy = new DataPolicy({
 *   readableTables: ['orders', 'customers'],
 *   restrictedColumns: ['customers.email'],
 * })
 * const verdict = await policy.judgeSql('SELECT * FROM customers', { dialect: 'sqlite' })
 * verdict.reasonCode // 'column-restricted'
 * ```
 */
export class DataPolicy implements Policy, RewritingPolicy {
  readonly name = 'DataPolicy'
  readonly mode: PolicyMode
  /** Most rows a tool that answers with rows may return. */
  declare readonly maxResultRows?: number
  readonly #reader: StatementReader
  readonly #filtersRows: boolean

  /**
   * @throws {ConfigurationError} An option is unknown, an entry is malformed or names something that does not
   * exist, or two of them contradict each other; the message names it and the nearest right name.
   */
  constructor(options: DataPolicyOptions) {
    this.mode = readPolicyMode(this.name, options.mode)
    const rules = readSqlRules(options)
    this.#reader = new StatementReader(rules)
    this.#filtersRows = rules.rowFilter !== null
    if (options.maxResultRows !== undefined) this.maxResultRows = options.maxResultRows
  }

  /** Starts a parsing child now, so that the first decision need not wait for it. */
  warm(): void {
    this.#reader.warm()
  }

  /**
   * Judges one SQL text.
   *
   * @param sql - The exact text that would reach the database.
   * @returns The verdict, within a second of a child being free, whatever the text is.
   * @throws {ConfigurationError} The dialect is not one of `postgresql`, `mysql` and `sqlite`.
   * @throws {SandboxError} `ERR_OVERLOADED` if thousands of texts wait already; `ERR_SANDBOX_TIMEOUT` if the
   * signal gave up. Never because of the text.
   */
  async judgeSql(sql: string, options: JudgeSqlOptions): Promise<SqlVerdict> {
    const { verdict } = await this.#read(sql, options)
    return verdict
  }

  /** Judges one SQL text like {@link DataPolicy.judgeSql} and says why, and what the statement touches. */
  async explainSql(sql: string, options: JudgeSqlOptions): Promise<SqlExplanation> {
    const { verdict, objections, touched } = await this.#read(sql, options)
    return { verdict, objections, touched, summary: describeTouch(touched) }
  }

  /**
   * Judges one SQL text and narrows it to the rows that `rowFilter` leaves to the requester: each filtered
   * table is shadowed by a WITH item of its name. Values are bound, never text. A statement that reads no
   * filtered table comes back as it is.
   */
  async rewriteSql(sql: string, options: RewriteSqlOptions): Promise<RewrittenSql> {
    return rewrittenFrom(await this.#read(sql, options), sql, options)
  }

  async evaluateProgram(program: Program, context: PolicyContext): Promise<readonly Finding[]> {
    const findings: SqlFinding[] = []
    for (const use of program.facts.toolUses) {
      const tool = context.tools.get(use.tool)
      const sql = tool?.sql === undefined ? undefined : use.constantArguments[tool.sql.argument]
      if (tool?.sql === undefined || typeof sql !== 'string') continue
      const reading = await this.#read(sql, optionsFor(tool.sql.dialect, context))
      findings.push(...statementFindings(reading, tool, use))
    }
    return findings
  }

  async evaluateToolCall(
    call: PolicyToolCall,
    context: PolicyContext,
  ): Promise<readonly Finding[]> {
    const { tool } = call
    if (tool.sql === undefined) return []
    const sql = propertyOf(call.argument, tool.sql.argument)
    if (typeof sql !== 'string') {
      const message = `Tool "${tool.name}" needs its SQL as a string`
      return [sqlFinding({ reasonCode: 'unparseable', message })]
    }
    const reading = await this.#read(sql, optionsFor(tool.sql.dialect, context))
    const findings = statementFindings(reading, tool)
    const { verdict, touched, narrowed } = reading
    if (verdict.decision === 'allow' && verdict.action === 'write' && context.action === 'read') {
      const message = `A read run may not write, but the statement ${describeTouch(touched)}`
      findings.push(sqlFinding({ reasonCode: 'write-in-read-run', message, touched }))
    }
    return narrowed === null
      ? findings
      : [...findings, ...narrowCall(call, reading, context).findings]
  }

  /**
   * The argument with its statement narrowed to the rows of the run's requester and everything bound; the
   * argument itself where no row filter concerns it.
   *
   * @throws {ToolError} `ERR_TOOL_DENIED`: the statement is not allowed or cannot be narrowed.
   */
  async rewriteToolCall(call: PolicyToolCall, context: PolicyContext): Promise<JsonValue> {
    const { tool, argument } = call
    if (!this.#filtersRows || tool.sql === undefined) return argument
    const sql = propertyOf(argument, tool.sql.argument)
    if (typeof sql !== 'string') {
      throw new ToolError('ERR_TOOL_DENIED', `Tool "${tool.name}" needs its SQL as a string`)
    }
    const reading = await this.#read(sql, optionsFor(tool.sql.dialect, context))
    const narrowed = narrowCall(call, reading, context)
    const [finding] = narrowed.findings
    if (finding !== undefined) throw new ToolError('ERR_TOOL_DENIED', finding.message)
    return narrowed.argument
  }

  /** Ends the parsing children. */
  async close(): Promise<void> {
    await this.#reader.close()
  }

  async #read(sql: string, options: JudgeSqlOptions): Promise<SqlReading> {
    const { dialect, signal, fairKey } = options
    if (!DIALECTS.includes(dialect)) {
      throw new ConfigurationError(`SQL can be judged in the dialects ${DIALECTS.join(', ')}`)
    }
    return this.#reader.read({ sql, dialect, signal, fairKey })
  }
}

function rewrittenFrom(
  { verdict, objections, narrowed }: SqlReading,
  sql: string,
  { params, requester }: Pick<RewriteSqlOptions, 'params' | 'requester'>,
): RewrittenSql {
  if (verdict.decision === 'deny') return { decision: 'deny', objections }
  if (narrowed === null) {
    return { decision: 'allow', sql, params: isCollection(params) ? params : [] }
  }
  try {
    return { decision: 'allow', ...bindFilterValues(narrowed, params, requester) }
  } catch (error) {
    if (!(error instanceof SqlRefusal)) throw error
    const { reasonCode, message } = error
    return { decision: 'deny', objections: [{ reasonCode, message }] }
  }
}

/** A call with its statement narrowed, or what is against that. */
function narrowCall(
  { tool, argument }: PolicyToolCall,
  reading: SqlReading,
  { requester }: PolicyContext,
): { readonly argument: JsonValue; readonly findings: readonly SqlFinding[] } {
  const declared = tool.sql
  const { narrowed } = reading
  if (declared === undefined) return { argument, findings: [] }
  const { parameters } = declared
  if (narrowed !== null && narrowed.bound.length > 0 && parameters === undefined) {
    const message = `Rows are filtered, and tool "${tool.name}" declares no property for bound values`
    return { argument, findings: [sqlFinding({ reasonCode: 'row-filter', message })] }
  }
  const sql = String(propertyOf(argument, declared.argument))
  const params = parameters === undefined ? undefined : propertyOf(argument, parameters)
  const rewritten = rewrittenFrom(reading, sql, {
    requester,
    ...(params === undefined ? {} : { params }),
  })
  if (rewritten.decision === 'deny') {
    return { argument, findings: rewritten.objections.map((each) => sqlFinding(each)) }
  }
  if (narrowed === null) return { argument, findings: [] }
  const effective = {
    ...(argument as JsonObject),
    [declared.argument]: rewritten.sql,
    ...(parameters === undefined ? {} : { [parameters]: rewritten.params }),
  }
  return { argument: effective, findings: [] }
}

function optionsFor(dialect: SqlDialect, context: PolicyContext): JudgeSqlOptions {
  const { requester, endpoint, signal } = context
  const fairKey =
    requester === null
      ? `endpoint ${endpoint}`
      : `user ${requester.tenantId ?? ''} ${requester.userId}`
  return { dialect, signal, fairKey }
}

function isCollection(params: JsonValue | undefined): params is readonly JsonValue[] | JsonObject {
  return typeof params === 'object' && params !== null
}

function propertyOf(argument: JsonValue, property: string): JsonValue | undefined {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) return undefined
  return Object.hasOwn(argument, property)
    ? (argument as { readonly [key: string]: JsonValue })[property]
    : undefined
}
