import type { JsonValue } from '../json-value.ts'
import type { SqlVerdict } from '../policy/sql/sql-verdict.ts'
import type { ProgramFacts, ToolUse } from '../program.ts'
import type { SqlDialect, Tool } from '../sandbox/tool-host.ts'

/** What a program is able to reach, read off its code before it runs. Plain JSON: it can be kept. */
export interface CapabilityPlan {
  /** Every tool that the program can call, by name. */
  readonly tools: readonly PlannedTool[]
  /** Which tools are called is decided at run time: any granted tool, any number of calls. */
  readonly isUnbounded: boolean
}

/** What the code says of one tool. */
export interface PlannedTool {
  readonly name: string
  readonly readOnly: boolean
  /** The most calls that the code can make; `null` where no bound follows from it. */
  readonly maxCalls: number | null
  /** Every argument that the tool can be called with; `null` where one is computed at run time. */
  readonly constantArguments: readonly JsonValue[] | null
  /** Present for tools that take SQL. */
  readonly sql?: PlannedSql
}

/** The SQL that one tool is called with. */
export interface PlannedSql {
  /** The property of the argument that holds the statement. */
  readonly argument: string
  /** Every statement; `null` where one is put together at run time. */
  readonly statements: readonly PlannedStatement[] | null
}

/** One statement and what it touches. */
export interface PlannedStatement {
  readonly text: string
  /** `null` when no policy reads SQL, or when the statement cannot be understood. */
  readonly shape: SqlShape | null
}

/** What a statement touches, by the names of the catalogue. */
export interface SqlShape {
  readonly action: 'read' | 'write'
  readonly tablesRead: readonly string[]
  readonly tablesWritten: readonly string[]
  /** As `table.column`, as far as they were understood. */
  readonly columns: readonly string[]
}

/** Reads SQL for the plan; a `DataPolicy` can. */
export interface SqlReader {
  judgeSql(
    sql: string,
    options: { readonly dialect: SqlDialect; readonly signal?: AbortSignal },
  ): Promise<SqlVerdict>
}

// More than anybody reads before saying yes; then the plan says that it does not know.
const MAX_ARGUMENTS = 100
const MAX_STATEMENTS = 50
const MAX_NAMES = 200

/** What the plan of a program is derived from. */
export interface PlanSources {
  /** The tools granted to the run. */
  readonly tools: readonly PlannableTool[]
  /** The first one that understands a statement says what it touches. */
  readonly sqlReaders: readonly SqlReader[]
  readonly signal?: AbortSignal
}

/** The part of a tool that a plan is made of. */
export type PlannableTool = Pick<Tool, 'name' | 'readOnly' | 'sql'>

/**
 * Derives what a program can reach from the facts that static analysis read off it.
 *
 * @example
 * ```ts
 * const plan = await derivePlan(program.facts, { tools, sqlReaders: [dataPolicy] })
 * describePlan(plan) // ['Calls refund once at most, with {"orderId":4}']
 * ```
 */
export async function derivePlan(
  { toolUses }: Pick<ProgramFacts, 'toolUses'>,
  sources: PlanSources,
): Promise<CapabilityPlan> {
  const isUnbounded = toolUses.some(({ tool }) => tool === '*')
  const tools = await Promise.all(
    sources.tools.map((tool) => {
      // A place that only asks whether the tool exists calls nothing.
      const uses = toolUses.filter((use) => use.tool === tool.name && use.maxCalls !== 0)
      return uses.length === 0 && !isUnbounded ? null : planTool(tool, uses, isUnbounded, sources)
    }),
  )
  return { tools: tools.filter((tool) => tool !== null), isUnbounded }
}

async function planTool(
  { name, readOnly, sql }: PlannableTool,
  uses: readonly ToolUse[],
  isUnbounded: boolean,
  sources: PlanSources,
): Promise<PlannedTool> {
  const plan = {
    name,
    readOnly,
    maxCalls: isUnbounded ? null : callsOf(uses),
    constantArguments: isUnbounded ? null : argumentsOf(uses),
  }
  if (sql === undefined) return plan
  const texts = isUnbounded ? null : statementsOf(uses, sql.argument)
  if (texts === null) return { ...plan, sql: { argument: sql.argument, statements: null } }
  const statements = await Promise.all(
    texts.map(async (text) => ({ text, shape: await shapeOf(text, sql.dialect, sources) })),
  )
  return { ...plan, sql: { argument: sql.argument, statements } }
}

/** The sum over all places; one place without a bound leaves none. */
function callsOf(uses: readonly ToolUse[]): number | null {
  let sum = 0
  for (const { maxCalls } of uses) {
    if (maxCalls === undefined || maxCalls === null) return null
    sum += maxCalls
  }
  return sum
}

function argumentsOf(uses: readonly ToolUse[]): readonly JsonValue[] | null {
  if (uses.some(({ isConstant }) => !isConstant)) return null
  const distinct = new Map<string, JsonValue>()
  for (const { constantArguments } of uses) {
    distinct.set(JSON.stringify(constantArguments), constantArguments)
  }
  return distinct.size > MAX_ARGUMENTS ? null : [...distinct.values()]
}

function statementsOf(uses: readonly ToolUse[], argument: string): readonly string[] | null {
  const distinct = new Set<string>()
  for (const { constantArguments } of uses) {
    const text = Object.hasOwn(constantArguments, argument) ? constantArguments[argument] : null
    if (typeof text !== 'string') return null
    distinct.add(text)
  }
  return distinct.size > MAX_STATEMENTS ? null : [...distinct]
}

async function shapeOf(
  sql: string,
  dialect: SqlDialect,
  { sqlReaders, signal }: PlanSources,
): Promise<SqlShape | null> {
  for (const reader of sqlReaders) {
    const options = { dialect, ...(signal === undefined ? {} : { signal }) }
    const verdict = await readSql(reader, sql, options)
    // These say that nothing certain is known of the statement.
    const code = verdict?.reasonCode
    if (verdict === null || code === 'unparseable' || code === 'too-complex') continue
    const { action, tables, columns } = verdict
    return {
      action,
      tablesRead: tables.read.slice(0, MAX_NAMES),
      tablesWritten: tables.written.slice(0, MAX_NAMES),
      columns: columns.slice(0, MAX_NAMES),
    }
  }
  return null
}

/** A reader of somebody else's may fail; then the statement is one that nobody understands. */
async function readSql(
  reader: SqlReader,
  ...question: Parameters<SqlReader['judgeSql']>
): Promise<SqlVerdict | null> {
  try {
    return await reader.judgeSql(...question)
  } catch {
    return null
  }
}
