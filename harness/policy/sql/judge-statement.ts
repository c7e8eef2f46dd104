import { loadModule } from 'libpg-query'
import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { Catalogue } from './catalogue.ts'
import { hiddenName, narrowStatement, openRules, probeStatement } from './narrow-statement.ts'
import { readMysqlAgain, readStatement } from './read-statement.ts'
import { NameResolver } from './resolve-names.ts'
import type { SplicedText } from './splice-filters.ts'
import { passGate } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'
import {
  deniedOutright,
  type NarrowedSql,
  type SqlReading,
  SqlRefusal,
  type SqlRules,
} from './sql-verdict.ts'
import { type SqliteTestimony, SqliteWitness } from './sqlite-witness.ts'
import { StatementShape } from './statement-shape.ts'

/** To be awaited once before the first statement is judged. */
export async function loadParsers(): Promise<void> {
  await loadModule()
}

/**
 * Judges SQL texts under the rules of one policy in one dialect: gate, grammar, names, and for SQLite the
 * engine's own word. To be used only where it can be killed: node-sql-parser has inputs that take minutes
 * or exhaust the heap.
 */
export class StatementJudge {
  readonly #dialect: SqlDialect
  readonly #rules: SqlRules
  readonly #catalogue: Catalogue
  readonly #openCatalogue: Catalogue
  #witness: SqliteWitness | null = null
  /** Has the filtered tables under other names. */
  #probe: SqliteWitness | null = null

  constructor(dialect: SqlDialect, rules: SqlRules) {
    this.#dialect = dialect
    this.#rules = rules
    this.#catalogue = new Catalogue(dialect, rules)
    this.#openCatalogue = new Catalogue(dialect, openRules(rules))
  }

  /** Judges one text. What is wrong with it is in the answer. */
  judge(sql: string): SqlReading {
    try {
      return this.#judge(sql)
    } catch (error) {
      if (error instanceof SqlRefusal) return deniedOutright(error.reasonCode, error.message)
      throw error
    }
  }

  close(): void {
    this.#witness?.close()
    this.#probe?.close()
  }

  #judge(sql: string): SqlReading {
    const { tokens, kind } = passGate(sql, this.#dialect, this.#rules.denyDdl)
    const shape = new StatementShape(this.#catalogue)
    const statement = readStatement(sql, tokens, { dialect: this.#dialect, kind })
    new NameResolver(this.#catalogue, shape).statement(statement)
    if (!shape.isAllowed) return shape.reading(null)
    if (kind === 'query') {
      this.#hearSecondGrammar(tokens, shape)
      const testimony = this.#hearSqlite(sql, tokens, shape)
      if (testimony !== null) this.#compare(testimony, shape)
    }
    return shape.reading(shape.isAllowed ? this.#narrow(sql, tokens, shape) : null)
  }

  #narrow(sql: string, tokens: readonly Token[], shape: StatementShape): NarrowedSql | null {
    const dialect = this.#dialect
    const catalogue = this.#catalogue
    const reread = (text: string) => this.#reread(text)
    try {
      const narrowed = narrowStatement({ sql, tokens, dialect }, { shape, catalogue, reread })
      if (narrowed !== null) this.#probeSqlite({ sql, tokens, dialect }, shape)
      return narrowed
    } catch (error) {
      if (!(error instanceof SqlRefusal)) throw error
      shape.object('row-filter', error.message)
      return null
    }
  }

  /** @throws {SqlRefusal} SQLite finds a mention of a filtered table that the filter does not cover. */
  #probeSqlite(text: SplicedText, shape: StatementShape): void {
    const { schema } = this.#rules
    if (this.#dialect !== 'sqlite' || schema === null) return
    const catalogue = this.#catalogue
    const sql = probeStatement(text, { shape, catalogue })
    this.#probe ??= new SqliteWitness(
      Object.fromEntries(
        Object.entries(schema).map(([table, columns]) => {
          const key = catalogue.keyOf(table.split('.'))
          const isFiltered = key !== null && catalogue.filterOf(key).kind === 'filtered'
          return [isFiltered ? hiddenName(key) : table, columns]
        }),
      ),
    )
    try {
      this.#probe.testify(sql, passGate(sql, 'sqlite', true).tokens)
    } catch {
      throw new SqlRefusal('row-filter', 'SQLite would read a filtered table past its filter')
    }
  }

  #reread(sql: string): StatementShape {
    const { tokens, kind } = passGate(sql, this.#dialect, true)
    const shape = new StatementShape(this.#openCatalogue)
    const statement = readStatement(sql, tokens, { dialect: this.#dialect, kind })
    new NameResolver(this.#openCatalogue, shape).statement(statement)
    return shape
  }

  /** For MySQL: whatever a grammar that shares nothing with the first objects to counts as well. */
  #hearSecondGrammar(tokens: readonly Token[], shape: StatementShape): void {
    if (this.#dialect !== 'mysql') return
    const second = new StatementShape(this.#catalogue)
    new NameResolver(this.#catalogue, second).statement(readMysqlAgain(tokens))
    for (const { reasonCode, message } of second.objections) shape.object(reasonCode, message)
    const isBeyond = [...second.tablesRead].some((key) => !shape.touches(key))
    if (isBeyond) shape.object('unparseable', 'Two grammars read this statement differently')
  }

  /** What SQLite itself says of a statement; null for other dialects and without a schema. */
  #hearSqlite(
    sql: string,
    tokens: readonly Token[],
    shape: StatementShape,
  ): SqliteTestimony | null {
    const { schema } = this.#rules
    if (this.#dialect !== 'sqlite' || schema === null) return null
    try {
      this.#witness ??= new SqliteWitness(schema)
      return this.#witness.testify(sql, tokens)
    } catch {
      shape.object(
        'unparseable',
        'SQLite does not accept this statement on the schema of the policy',
      )
      return null
    }
  }

  /** Whatever SQLite uses beyond what was understood is an objection, also when the policy permits it. */
  #compare({ reads, writes, functions, doesMore }: SqliteTestimony, shape: StatementShape): void {
    const knowsColumn = (table: string, column: string) =>
      column === '' || shape.hasColumn(`${table}.${column}`) || shape.hasColumn(`${table}.*`)
    const isRowId = (table: string, column: string) =>
      column === 'rowid' && this.#catalogue.restrictedColumnsOf(table).length === 0
    const isCommon = (table: string) =>
      shape.hasCommonName(table) || this.#witness?.has(table) === false
    const areRead = reads.every(
      ({ table, column, isStored }) =>
        shape.functions.has(table) ||
        (!isStored && isCommon(table)) ||
        ((shape.tablesRead.has(table) || shape.tablesWritten.has(table)) &&
          (knowsColumn(table, column) || isRowId(table, column))),
    )
    const areWritten = writes.every(
      ({ table, column }) => shape.tablesWritten.has(table) && knowsColumn(table, column),
    )
    if (doesMore || !areRead || !areWritten) {
      shape.object('unparseable', 'SQLite itself reads this statement differently')
    }
    for (const name of functions) if (!OPERATORS.has(name)) shape.call([name])
  }
}

/** The operators that SQLite reports as functions. */
const OPERATORS: ReadonlySet<string> = new Set(['->', '->>'])
