import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { checkNesting, wordOf, words } from './sql-gate.ts'
import { lexSql, type Token } from './sql-lexer.ts'
import { type FilterValue, SqlRefusal } from './sql-verdict.ts'

/** A condition cut at its placeholders: `texts` has one more item than `values`. */
export interface FilterCondition {
  readonly texts: readonly string[]
  readonly values: readonly FilterValue[]
}

/** A column of a condition that its table does not have. */
export class UnknownFilterColumn extends Error {
  readonly column: string

  constructor(column: string) {
    super(`there is no column "${column}"`)
    this.name = 'UnknownFilterColumn'
    this.column = column
  }
}

// Whatever could read another table, where another name could be captured, or end the condition.
const REACHING_WORDS = words(
  'select with table values insert update delete merge replace into from union intersect except limit ' +
    'returning group having window order',
)

// Words of the grammar that stand where a column could.
const OPERATOR_WORDS = words(
  'and or not is in like ilike between true false null unknown escape case when then else end as ' +
    'distinct collate any all some array similar to symmetric isnull notnull glob regexp rlike div mod xor ' +
    'current_date current_timestamp current_time interval at time zone exists cast',
)

/**
 * Reads the condition of a row filter: columns of its own table, literals, operators, functions and the
 * placeholders `:userId` and `:tenantId`. It names nothing else, so nothing in a statement that it is put
 * into can change what it means.
 *
 * @param columns - The columns of the table, in catalogue spelling.
 * @returns The condition, or null for `TRUE`: every row.
 * @throws {UnknownFilterColumn} A name is no column of the table.
 * @throws {SqlRefusal} It is no such condition.
 */
export function readFilterCondition(
  text: string,
  dialect: SqlDialect,
  columns: readonly string[],
): FilterCondition | null {
  const { tokens } = lexSql(text, dialect)
  checkNesting(tokens)
  refuseComments(text, tokens)
  if (tokens.length === 1 && wordOf(tokens[0]) === 'true') return null
  const texts: string[] = []
  const values: FilterValue[] = []
  let from = 0
  for (const [index, token] of tokens.entries()) {
    if (token.start < from) continue
    const placeholder = placeholderAt(tokens, index)
    if (placeholder === null) {
      checkToken(tokens, index, (name) => hasColumn(columns, name, dialect))
      continue
    }
    texts.push(text.slice(from, token.start))
    values.push(placeholder)
    from = token.start + placeholder.length + 1
  }
  return { texts: [...texts, text.slice(from)], values }
}

/** The lexers of PostgreSQL and MySQL cut `:name` in two. */
function placeholderAt(tokens: readonly Token[], index: number): FilterValue | null {
  const token = tokens[index]
  if (token?.text.charAt(0) !== ':' || isColon(tokens[index - 1], token)) return null
  const next = tokens[index + 1]
  const name = isColon(token, next) ? next?.text : token.text.slice(1)
  return name === 'userId' || name === 'tenantId' ? name : null
}

/** Whether a colon stands directly before a token. */
function isColon(before: Token | undefined, token: Token | undefined): boolean {
  return before?.text === ':' && token?.start === before.start + 1
}

function checkToken(
  tokens: readonly Token[],
  index: number,
  isColumn: (token: Token) => boolean,
): void {
  const token = tokens[index]
  const [before, next] = [tokens[index - 1], tokens[index + 1]]
  const isCast = isColon(token, next) && next?.text === ':'
  const isPlaceholder = token?.kind === 'parameter' || /^(?:[:;@?]|:=)$/.test(token?.text ?? '')
  if (isPlaceholder && !isCast && !isColon(before, token)) {
    throw refusal('may bind :userId and :tenantId only')
  }
  if (token?.text === '.') throw refusal('must name columns without their table')
  const word = wordOf(token)
  if (word === 'from' && wordOf(before) === 'distinct') return
  if (REACHING_WORDS.has(word)) {
    throw refusal(`may not have ${word.toUpperCase()} in it`)
  }
  if (token?.kind !== 'word' && token?.kind !== 'name') return
  const isGrammar = token.kind === 'word' && (OPERATOR_WORDS.has(word) || next?.text === '(')
  const isType = wordOf(before) === 'as' || before?.text === ':'
  if (!isGrammar && !isType && !isColumn(token)) throw new UnknownFilterColumn(token.value)
}

function hasColumn(columns: readonly string[], token: Token, dialect: SqlDialect): boolean {
  const { value } = token
  if (dialect !== 'postgresql') {
    return columns.some((column) => column.toLowerCase() === value.toLowerCase())
  }
  return columns.includes(token.kind === 'word' ? value.toLowerCase() : value)
}

/** A comment could swallow what the condition is put in front of. */
function refuseComments(text: string, tokens: readonly Token[]): void {
  let end = 0
  for (const token of [...tokens, { text: '', start: text.length }]) {
    if (text.slice(end, token.start).trim() !== '') throw refusal('may not have comments')
    end = token.start + token.text.length
  }
  if (tokens.length === 0) throw refusal('must not be empty')
}

function refusal(what: string): SqlRefusal {
  return new SqlRefusal('row-filter', `A row filter ${what}`)
}
