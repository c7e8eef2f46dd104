import { extname } from 'node:path'
import { ConfigurationError } from '../errors.ts'
import type { JsonValue } from '../json-value.ts'
import { KillableProcess, KillableProcessError } from '../parsing/killable-process.ts'
import type { Program, SourcePosition } from '../program.ts'
import type { SqlDialect, Tool } from '../sandbox/tool-host.ts'
import type { Finding } from '../verdict.ts'
import type { Policy, PolicyContext, PolicyToolCall } from './policy.ts'
import { passGate } from './sql/sql-gate.ts'
import { type DataPolicyOptions, readSqlRules } from './sql/sql-rules.ts'
import {
  deniedOutright,
  type SqlReasonCode,
  SqlRefusal,
  type SqlRules,
  type SqlVerdict,
} from './sql/sql-verdict.ts'

export type { DataPolicyOptions } from './sql/sql-rules.ts'

// Half of what a decision may take, so that one that is cut short is still an answer in time.
const DEADLINE_MS = 500
const MAX_CACHED_VERDICTS = 512
const MAX_CACHED_CHARACTERS = 4_096
const MAX_CALLS_PER_CHILD = 5_000

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

const HINTS: Readonly<Partial<Record<SqlReasonCode, string>>> = {
  'too-complex': 'Write a shorter or flatter statement',
  unparseable: 'Write one plain statement of the dialect and qualify every column with its table',
  'multi-statement': 'Call the tool once per statement',
  ddl: 'Read or change rows; tables stay as they are',
  'table-not-readable': 'Use the tables that the tool describes',
  'table-not-writable': 'Only read this table',
  'dangerous-function': 'Use common SQL functions, or compute the value in the program',
  'column-restricted': 'Leave the column out and name the columns that are needed, without *',
}

/**
 * Decides which SQL may reach a database: on the literals of a program before it runs, and on the
 * statement that a tool call really carries. A statement is read by a grammar, every name in it is
 * resolved, and what cannot be understood with certainty is denied.
 *
 * Parsing happens in a child process that is killed when it takes too long; {@link DataPolicy.close}
 * ends it.
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
export class DataPolicy implements Policy {
  readonly name = 'DataPolicy'
  /** Most rows a tool that answers with rows may return. */
  declare readonly maxResultRows?: number
  readonly #rules: SqlRules
  readonly #verdicts = new Map<string, SqlVerdict>()
  readonly #child = new KillableProcess({
    entry: new URL(`./sql/sql-child${extname(import.meta.filename)}`, import.meta.url),
    name: 'sql',
    maxCalls: MAX_CALLS_PER_CHILD,
  })

  /** @throws {ConfigurationError} An option is unknown or an entry malformed; the message names it. */
  constructor(options: DataPolicyOptions) {
    this.#rules = readSqlRules(options)
    if (options.maxResultRows !== undefined) this.maxResultRows = options.maxResultRows
  }

  /** Starts the parsing child now, so that the first decision need not wait for it. */
  warm(): void {
    this.#child.warm()
  }

  /**
   * Judges one SQL text.
   *
   * @param sql - The exact text that would reach the database.
   * @param options - The database's dialect, which is never guessed, and a signal that gives up.
   * @returns The verdict, within half a second of the child being ready, whatever the text is. It never
   * rejects because of the text.
   * @throws {ConfigurationError} The dialect is not one of `postgresql`, `mysql` and `sqlite`.
   */
  async judgeSql(
    sql: string,
    options: { readonly dialect: SqlDialect; readonly signal?: AbortSignal },
  ): Promise<SqlVerdict> {
    const { dialect } = options
    if (!DIALECTS.includes(dialect)) {
      throw new ConfigurationError(`SQL can be judged in the dialects ${DIALECTS.join(', ')}`)
    }
    const key = `${dialect} ${sql}`
    const known = this.#verdicts.get(key)
    if (known !== undefined) return this.#remember(key, known)
    try {
      passGate(sql, dialect, this.#rules.denyDdl)
      const question = { sql, dialect, rules: { ...this.#rules } }
      const { signal } = options
      const answer = await this.#child.call(question, {
        deadlineMs: DEADLINE_MS,
        ...(signal === undefined ? {} : { signal }),
      })
      return this.#remember(key, answer as unknown as SqlVerdict)
    } catch (error) {
      // A child that was killed is replaced now rather than while the next statement waits.
      if (error instanceof KillableProcessError) this.#child.warm()
      return verdictOfFailure(error)
    }
  }

  async evaluateProgram(program: Program, context: PolicyContext): Promise<readonly Finding[]> {
    const findings: Finding[] = []
    for (const use of program.facts.toolUses) {
      const tool = context.tools.get(use.tool)
      const sql = tool?.sql === undefined ? undefined : use.constantArguments[tool.sql.argument]
      if (tool?.sql === undefined || typeof sql !== 'string') continue
      const verdict = await this.judgeSql(sql, { ...tool.sql, signal: context.signal })
      findings.push(...findingsOf(verdict, tool, use))
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
      return [finding('unparseable', `Tool "${tool.name}" needs its SQL as a string`)]
    }
    const verdict = await this.judgeSql(sql, { ...tool.sql, signal: context.signal })
    const findings = findingsOf(verdict, tool)
    if (verdict.decision === 'allow' && verdict.action === 'write' && context.action === 'read') {
      findings.push(
        finding('write-in-read-run', `A read run may not write, but the statement does`),
      )
    }
    return findings
  }

  /** Ends the parsing child. */
  async close(): Promise<void> {
    await this.#child.close()
  }

  /** The most recently used verdicts are kept; a map keeps its keys in order of insertion. */
  #remember(key: string, verdict: SqlVerdict): SqlVerdict {
    if (key.length > MAX_CACHED_CHARACTERS) return verdict
    this.#verdicts.delete(key)
    this.#verdicts.set(key, verdict)
    const [oldest] = this.#verdicts.keys()
    if (this.#verdicts.size > MAX_CACHED_VERDICTS && oldest !== undefined) {
      this.#verdicts.delete(oldest)
    }
    return verdict
  }
}

function verdictOfFailure(error: unknown): SqlVerdict {
  if (error instanceof SqlRefusal) return deniedOutright(error.reason, error.message)
  if (!(error instanceof KillableProcessError)) throw error
  const isTooMuch = error.kind === 'deadline' || error.kind === 'memory'
  return isTooMuch
    ? deniedOutright('too-complex', 'Reading the statement takes too much time or memory')
    : deniedOutright('unparseable', 'The statement could not be read')
}

function findingsOf(verdict: SqlVerdict, tool: Tool, position?: SourcePosition): Finding[] {
  if (verdict.decision === 'deny') {
    return [finding(verdict.reasonCode ?? 'unparseable', verdict.message, position)]
  }
  if (verdict.action === 'write' && tool.readOnly) {
    const tables = verdict.tables.written.join(', ')
    const message = `Tool "${tool.name}" is read-only, but the statement writes ${tables}`
    return [finding('write-through-read-only-tool', message, position)]
  }
  return []
}

function finding(reasonCode: string, message: string, position?: SourcePosition): Finding {
  const hint = HINTS[reasonCode as SqlReasonCode]
  return {
    ruleId: 'sql-policy',
    source: 'DataPolicy',
    severity: 'violation',
    message,
    reasonCode,
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { line: position.line, column: position.column }),
  }
}

function propertyOf(argument: JsonValue, property: string): JsonValue | undefined {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) return undefined
  return Object.hasOwn(argument, property)
    ? (argument as { readonly [key: string]: JsonValue })[property]
    : undefined
}
