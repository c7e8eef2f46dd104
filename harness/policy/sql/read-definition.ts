import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { wordOf, words } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'
import type { Query } from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'

/** A DDL statement: what it defines, and the tokens of the query it is defined by. */
export interface Definition {
  readonly targets: readonly (readonly string[])[]
  readonly columns: readonly string[]
  readonly query: readonly Token[] | null
}

/** What {@link Definition} becomes once its query has been read. */
export type ReadDefinition = Omit<Definition, 'query'> & { readonly query: Query | null }

// Everything in a column definition that can read another table or call a function.
const REACHING_WORDS = words(
  'select references like check default generated as using partition inherits exclude with on collate ' +
    'constraint foreign comment engine data directory connection server tablespace',
)

/**
 * Reads the few forms of DDL that a policy can permit: CREATE TABLE with plain columns, CREATE TABLE or
 * VIEW from a query, CREATE INDEX on plain columns, DROP TABLE and VIEW, TRUNCATE, and ALTER TABLE that
 * adds, drops or renames one column.
 *
 * @throws {SqlRefusal} `statement-not-allowed` for other objects, `unparseable` for other forms.
 */
export function readDefinition(tokens: readonly Token[], dialect: SqlDialect): Definition {
  return new DefinitionReader(tokens, dialect).read()
}

class DefinitionReader {
  readonly #tokens: readonly Token[]
  readonly #dialect: SqlDialect
  #index = 0

  constructor(tokens: readonly Token[], dialect: SqlDialect) {
    this.#tokens = tokens
    this.#dialect = dialect
  }

  read(): Definition {
    const verb = this.#word()
    if (verb === 'truncate') {
      this.#skip('table')
      return this.#named(this.#paths())
    }
    if (verb === 'drop') return this.#drop()
    if (verb === 'alter') return this.#alter()
    const isUnique = this.#skip('unique')
    const object = this.#word()
    if (object === 'index') return this.#createIndex()
    if (isUnique || (object !== 'table' && object !== 'view')) throw notAllowed()
    if (this.#skip('if')) this.#expect('not', 'exists')
    const target = this.#path()
    if (this.#skip('as')) {
      return { targets: [target], columns: [], query: this.#tokens.slice(this.#index) }
    }
    if (object === 'view') throw unreadable()
    this.#plainColumns()
    return this.#named([target])
  }

  #drop(): Definition {
    const object = this.#word()
    if (object !== 'table' && object !== 'view') throw notAllowed()
    if (this.#skip('if')) this.#expect('exists')
    const paths = this.#paths()
    return this.#named(paths)
  }

  #alter(): Definition {
    if (this.#word() !== 'table') throw notAllowed()
    const target = this.#path()
    const verb = this.#word()
    this.#skip('column')
    if (verb === 'drop') return this.#named([target], [this.#name()])
    if (verb === 'rename') {
      // RENAME TO would give the table a name that other rules of the policy are about.
      if (wordOf(this.#tokens[this.#index]) === 'to') throw unreadable()
      const column = this.#name()
      this.#expect('to')
      return this.#named([target], [column, this.#name()])
    }
    if (verb !== 'add') throw unreadable()
    const column = this.#name()
    this.#expectPlain(this.#tokens.slice(this.#index))
    this.#index = this.#tokens.length
    return this.#named([target], [column])
  }

  #createIndex(): Definition {
    if (this.#skip('if')) this.#expect('not', 'exists')
    if (wordOf(this.#tokens[this.#index]) !== 'on') this.#name()
    this.#expect('on')
    const target = this.#path()
    this.#expectSymbol('(')
    const columns = [this.#indexedColumn()]
    while (this.#symbol(',')) columns.push(this.#indexedColumn())
    this.#expectSymbol(')')
    return this.#named([target], columns)
  }

  #indexedColumn(): string {
    const column = this.#name()
    if (!this.#skip('asc')) this.#skip('desc')
    return column
  }

  #plainColumns(): void {
    const [first, ...rest] = this.#tokens.slice(this.#index)
    const last = rest.pop()
    if (first?.text !== '(' || last?.text !== ')') throw unreadable()
    this.#expectPlain(rest)
    this.#index = this.#tokens.length
  }

  #expectPlain(tokens: readonly Token[]): void {
    const isPlain = tokens.every(
      (token) =>
        !REACHING_WORDS.has(wordOf(token)) &&
        token.kind !== 'parameter' &&
        (token.kind !== 'symbol' || /^[(),]$/.test(token.text)),
    )
    if (!isPlain) throw unreadable()
  }

  #named(targets: readonly (readonly string[])[], columns: readonly string[] = []): Definition {
    if (this.#index < this.#tokens.length) throw unreadable()
    return { targets, columns, query: null }
  }

  #paths(): string[][] {
    const paths = [this.#path()]
    while (this.#symbol(',')) paths.push(this.#path())
    return paths
  }

  #path(): string[] {
    const path = [this.#name()]
    while (this.#symbol('.')) path.push(this.#name())
    return path
  }

  #name(): string {
    const token = this.#tokens[this.#index++]
    if (token?.kind === 'name') {
      if (/^u&/i.test(token.text)) throw unreadable()
      return token.value
    }
    if (token?.kind !== 'word') throw unreadable()
    return this.#dialect === 'postgresql' ? token.text.toLowerCase() : token.text
  }

  #word(): string {
    return wordOf(this.#tokens[this.#index++])
  }

  #skip(word: string): boolean {
    const isNext = wordOf(this.#tokens[this.#index]) === word
    if (isNext) this.#index += 1
    return isNext
  }

  #expect(...expected: readonly string[]): void {
    for (const word of expected) if (!this.#skip(word)) throw unreadable()
  }

  #symbol(text: string): boolean {
    const token = this.#tokens[this.#index]
    const isNext = token?.kind === 'symbol' && token.text === text
    if (isNext) this.#index += 1
    return isNext
  }

  #expectSymbol(text: string): void {
    if (!this.#symbol(text)) throw unreadable()
  }
}

function notAllowed(): SqlRefusal {
  return new SqlRefusal(
    'statement-not-allowed',
    'DDL is allowed for tables, views and indexes only',
  )
}

function unreadable(): SqlRefusal {
  return new SqlRefusal('unparseable', 'This form of DDL cannot be judged')
}
