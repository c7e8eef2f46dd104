import type { SqlDialect } from '../../sandbox/tool-host.ts'
import type { FilterCondition } from './row-filter.ts'
import { wordOf } from './sql-gate.ts'
import type { Token } from './sql-lexer.ts'
import {
  type FilterValue,
  type NarrowedSql,
  type ParameterPlacing,
  SqlRefusal,
} from './sql-verdict.ts'

/** A statement as the gate let it through. */
export interface SplicedText {
  readonly sql: string
  readonly tokens: readonly Token[]
  readonly dialect: SqlDialect
}

/** One table as a statement is to see it. */
export interface FilterItem {
  /** What the statement calls it. */
  readonly name: string
  /** Where it is. */
  readonly path: readonly [schema: string, table: string]
  readonly columns: readonly string[]
  readonly condition: FilterCondition
}

// Programs may not use it for placeholders of their own.
const OWN_PREFIX = 'airlock_'

/**
 * Puts a WITH item before everything else in a statement for each filtered table: it has the table's name,
 * reads the table by its full name and lets only the rows pass that satisfy the condition. Nothing of the
 * statement itself is rewritten but the numbers of SQLite's `?1`.
 *
 * @throws {SqlRefusal} `row-filter`: the statement's placeholders leave no certain place for the values.
 */
export function spliceFilters(text: SplicedText, filters: readonly FilterItem[]): NarrowedSql {
  const { sql, tokens } = text
  const bound = filters.flatMap(({ condition }) => condition.values)
  const { placing, placeholder } = placingFor(text, bound)
  let count = 0
  const items = filters.map((filter) =>
    shadowOf(filter, () => {
      count += 1
      return placeholder(count)
    }),
  )
  const at = splicePoint(tokens)
  const before = sql.slice(0, at.offset)
  const after =
    placing.kind === 'before' ? renumbered(text, at.offset, count) : sql.slice(at.offset)
  const spliced = at.hasWith
    ? `${before} ${items.join(', ')}, ${after}`
    : `${before}WITH ${items.join(', ')} ${after}`
  return { sql: spliced, bound, placing }
}

/** Where the items go: after the statement's own WITH, or before its first word. */
function splicePoint(tokens: readonly Token[]): { offset: number; hasWith: boolean } {
  const [first, second] = tokens
  if (first === undefined) throw unsplicable('There is no statement')
  if (wordOf(first) !== 'with') return { offset: first.start, hasWith: false }
  const last = wordOf(second) === 'recursive' && second !== undefined ? second : first
  return { offset: last.start + last.text.length, hasWith: true }
}

/**
 * MATERIALIZED keeps the engine from testing the statement's own conditions on rows before the filter has:
 * an error in such a test, a division by zero for instance, would tell about rows that must not be seen.
 */
function shadowOf(filter: FilterItem, nextPlaceholder: () => string): string {
  const { name, columns, path, condition } = filter
  const [head = '', ...rest] = condition.texts
  const where = rest.reduce((text, part) => `${text}${nextPlaceholder()}${part}`, head)
  const table = path.map(quotedName).join('.')
  const query = `SELECT ${columns.map(quotedName).join(', ')} FROM ${table} WHERE (${where})`
  return `${quotedName(name)} AS MATERIALIZED (${query})`
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

interface Placing {
  readonly placing: ParameterPlacing
  readonly placeholder: (number: number) => string
}

function placingFor({ tokens, dialect }: SplicedText, bound: readonly FilterValue[]): Placing {
  const own = tokens.filter(({ kind }) => kind === 'parameter').map(({ text }) => text)
  if (dialect === 'postgresql') {
    const ownCount = Math.max(0, ...own.map((text) => Number(text.slice(1))))
    return {
      placing: { kind: 'after', ownCount },
      placeholder: (number) => `$${ownCount + number}`,
    }
  }
  const named = [...new Set(own.filter((text) => !text.startsWith('?')))]
  if (named.length === 0) return { placing: { kind: 'before' }, placeholder: () => '?' }
  checkNames(named, own)
  const added = bound.map((_, index) => `:${OWN_PREFIX}${index + 1}`)
  return {
    placing: { kind: 'named', own: named, added },
    placeholder: (number) => `:${OWN_PREFIX}${number}`,
  }
}

function checkNames(named: readonly string[], own: readonly string[]): void {
  const bare = new Set(named.map((name) => name.slice(1)))
  if (own.some((text) => text.startsWith('?')) || bare.size < named.length) {
    throw unsplicable('Placeholders must be all named or all numbered')
  }
  // SQLite compares the names of placeholders exactly.
  if (named.some((name) => name.slice(1).toLowerCase().startsWith(OWN_PREFIX))) {
    throw unsplicable(`Placeholders may not begin with ${OWN_PREFIX}`)
  }
}

/** The added placeholders come first and take the lowest numbers, so `?1` of the statement moves up. */
function renumbered({ sql, tokens }: SplicedText, from: number, added: number): string {
  let text = ''
  let end = from
  for (const token of tokens) {
    const number = token.kind === 'parameter' && token.start >= from ? token.text.slice(1) : ''
    if (number === '') continue
    text += `${sql.slice(end, token.start)}?${Number(number) + added}`
    end = token.start + token.text.length
  }
  return text + sql.slice(end)
}

function unsplicable(message: string): SqlRefusal {
  return new SqlRefusal('row-filter', message)
}
