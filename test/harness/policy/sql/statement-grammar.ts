import fc from 'fast-check'
import type { Column, GrammarSchema, Relation, Scope } from './grammar-scope.ts'

export type { GrammarSchema } from './grammar-scope.ts'

const MAX_DEPTH = 4
const NOWHERE: Scope = { relations: [], outer: null, common: [] }

/**
 * Statements that are valid most of the time and look for trouble: aliases and WITH items that bear the
 * names of tables, columns that bear the names of others, correlation over several levels, stars, USING,
 * NATURAL, set operations, data-modifying WITH, upserts and RETURNING.
 */
export function statements(schema: GrammarSchema): fc.Arbitrary<string> {
  const tape = fc.array(fc.nat(0xffff), { minLength: 160, maxLength: 160, size: 'max' })
  return tape.map((choices) => new StatementWriter(schema, choices).statement())
}

/** Writes one statement; each choice comes from the tape, so that a shorter tape is a shorter statement. */
class StatementWriter {
  readonly #schema: GrammarSchema
  readonly #choices: readonly number[]
  #position = 0
  #depth = 0

  constructor(schema: GrammarSchema, choices: readonly number[]) {
    this.#schema = schema
    this.#choices = choices
  }

  statement(): string {
    return this.#pick([
      () => this.#query(NOWHERE, ['int', 'text']),
      () => this.#query(NOWHERE, ['text']),
      () => this.#query(NOWHERE, null),
      () => this.#query(NOWHERE, null),
      () => this.#query(NOWHERE, ['int']),
      () => this.#written(NOWHERE),
      () => this.#written(NOWHERE),
    ])()
  }

  #next(below: number): number {
    const choice = this.#choices[this.#position++] ?? 0
    return choice % below
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#next(items.length)]
    if (item === undefined) throw new RangeError('Nothing to pick from')
    return item
  }

  #chance(oneIn: number): boolean {
    return this.#next(oneIn) === 1
  }

  get #isPostgres(): boolean {
    return this.#schema.dialect === 'postgresql'
  }

  /** A query with these result types, or with any. */
  #query(outside: Scope, types: readonly Column['type'][] | null): string {
    this.#depth += 1
    const [prefix, scope] = this.#with(outside)
    const isSet = types !== null && this.#depth < MAX_DEPTH && this.#chance(6)
    const operator = this.#pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])
    const body = isSet
      ? `${this.#select(scope, types)} ${operator} ${this.#select(scope, types)}`
      : this.#select(scope, types)
    const order = isSet && this.#chance(3) ? ' ORDER BY 1' : ''
    this.#depth -= 1
    const isLocked = this.#isPostgres && this.#depth === 0 && body.length < 200 && this.#chance(12)
    return `${prefix}${body}${order}${isLocked ? ' FOR UPDATE' : ''}`
  }

  #with(outside: Scope): [string, Scope] {
    if (this.#depth > 3 || !this.#chance(4)) return ['', outside]
    const isRecursive = this.#chance(3)
    let scope = outside
    const items: string[] = []
    const names = new Set<string>()
    for (let count = 1 + this.#next(2); count > 0; count -= 1) {
      const free = ['w', 'x', 'v', 'z', ...Object.keys(this.#schema.tables)]
      const alias = this.#pick(free.filter((name) => !names.has(name)))
      names.add(alias)
      const columns = this.#columnsNamed(['id', 'name'])
      const isWrite = this.#isPostgres && this.#depth === 1 && this.#chance(5)
      const body = isWrite
        ? this.#write(scope, true)
        : this.#query(
            scope,
            columns.map(({ type }) => type),
          )
      const materialized = this.#chance(6) ? 'MATERIALIZED ' : ''
      const list = `(${columns.map(({ name }) => name).join(', ')})`
      items.push(`${this.#spelled(alias)}${isWrite ? '' : list} AS ${materialized}(${body})`)
      const relation = {
        alias,
        columns: isWrite ? [{ name: 'id', type: 'int' } as const] : columns,
      }
      scope = { ...scope, common: [relation, ...scope.common] }
    }
    return [`WITH ${isRecursive ? 'RECURSIVE ' : ''}${items.join(', ')} `, scope]
  }

  #columnsNamed(usual: readonly string[]): Column[] {
    const names = [...usual, 'total', 'ssn', 'note']
    const first = this.#pick(names)
    const second = this.#pick(names.filter((name) => name !== first))
    return [
      { name: first, type: 'int' },
      { name: second, type: 'text' },
    ]
  }

  #select(outside: Scope, types: readonly Column['type'][] | null): string {
    const [from, relations] = this.#from(outside)
    const scope: Scope = { relations, outer: outside, common: outside.common }
    const isGrouped = types !== null && this.#chance(5)
    const output = isGrouped
      ? types.map((type) => this.#aggregate(scope, type)).join(', ')
      : this.#output(scope, types)
    const distinct = this.#chance(10) ? 'DISTINCT ' : ''
    const where = this.#chance(2) ? ` WHERE ${this.#condition(scope)}` : ''
    const group = isGrouped && this.#chance(2) ? ` GROUP BY ${this.#value(scope, 'int')}` : ''
    const having =
      isGrouped && this.#chance(3) ? ` HAVING ${this.#aggregate(scope, 'int')} > 1` : ''
    const isOrdered = !isGrouped && distinct === '' && this.#depth === 1 && this.#chance(4)
    const order = isOrdered ? ` ORDER BY ${this.#value(scope, this.#pick(['int', 'text']))}` : ''
    return `SELECT ${distinct}${output}${from}${where}${group}${having}${order}`
  }

  #output(scope: Scope, types: readonly Column['type'][] | null): string {
    if (types !== null) {
      return types
        .map(
          (type) => this.#value(scope, type) + this.#pick(['', '', ' AS ssn', ' AS id', ' AS x']),
        )
        .join(', ')
    }
    const relation = this.#pick(scope.relations)
    return this.#pick([
      () => '*',
      () => `${this.#spelled(relation.alias)}.*`,
      () => `${this.#value(scope, 'int')}, ${this.#spelled(relation.alias)}.*`,
      () => 'count(*)',
      () => this.#value(scope, 'text'),
      () => this.#window(scope),
      () =>
        this.#isPostgres
          ? `CAST(${this.#spelled(relation.alias)} AS text)`
          : this.#value(scope, 'int'),
    ])()
  }

  /** A query for one value. */
  #scalar(outside: Scope, type: Column['type']): string {
    if (this.#schema.isDeterministic !== true && this.#chance(2)) {
      return `${this.#query(outside, [type])} LIMIT 1`
    }
    this.#depth += 1
    const [prefix, scope] = this.#with(outside)
    const [from, relations] = this.#from(scope)
    const inner: Scope = { relations, outer: scope, common: scope.common }
    const where = this.#chance(2) ? ` WHERE ${this.#condition(inner)}` : ''
    const text = `${prefix}SELECT ${this.#aggregate(inner, type)}${from}${where}`
    this.#depth -= 1
    return text
  }

  #window(scope: Scope): string {
    const over = `PARTITION BY ${this.#value(scope, 'text')} ORDER BY ${this.#value(scope, 'int')}`
    const max = `max(${this.#value(scope, 'int')})`
    const call = this.#schema.isDeterministic === true ? max : this.#pick(['row_number()', max])
    const filter =
      call.startsWith('max') && this.#chance(3) ? ` FILTER (WHERE ${this.#condition(scope)})` : ''
    return `${call}${filter} OVER (${over})`
  }

  #from(outside: Scope): [string, Relation[]] {
    const [first, relation] = this.#relation(outside, [])
    const relations = [relation]
    let text = first
    for (let count = this.#next(3); count > 0 && this.#depth <= MAX_DEPTH; count -= 1) {
      const [next, joined] = this.#relation(outside, relations)
      const scope: Scope = {
        relations: [...relations, joined],
        outer: outside,
        common: outside.common,
      }
      text += this.#pick([
        () => `, ${next}`,
        () => ` CROSS JOIN ${next}`,
        () => ` JOIN ${next} ON ${this.#condition(scope)}`,
        () => ` LEFT JOIN ${next} ON ${this.#condition(scope)}`,
        () => ` JOIN ${next} USING (id)`,
        () => ` NATURAL JOIN ${next}`,
      ])()
      relations.push(joined)
    }
    return [` FROM ${text}`, relations]
  }

  #relation(outside: Scope, before: readonly Relation[]): [string, Relation] {
    const tables = Object.keys(this.#schema.tables)
    const used = this.#chance(15) ? [] : before.map((each) => each.alias)
    const alias = this.#pick(['a', 'b', 'x', 'y', ...tables].filter((name) => !used.includes(name)))
    if (this.#depth < MAX_DEPTH && this.#chance(5)) {
      const columns = this.#columnsNamed(['id', 'name'])
      const isLateral = this.#isPostgres && before.length > 0 && this.#chance(3)
      const inner = isLateral ? { ...outside, relations: before, outer: outside } : outside
      const query = this.#query(
        inner,
        columns.map(({ type }) => type),
      )
      const list = this.#isPostgres ? `(${columns.map(({ name }) => name).join(', ')})` : ''
      // Without a list of names the columns are called something else, so nothing can be said of them.
      const known = this.#isPostgres ? columns : []
      return [
        `${isLateral ? 'LATERAL ' : ''}(${query}) AS ${alias}${list}`,
        { alias, columns: known },
      ]
    }
    const named = this.#pick([...outside.common.map((item) => item.alias), ...tables])
    const item = outside.common.find((each) => each.alias === named)
    const isBare = !used.includes(named) && this.#chance(2)
    const own = Object.entries(this.#schema.tables[named] ?? {})
    const columns = item?.columns ?? own.map(([name, type]) => ({ name, type }))
    const schema = this.#isPostgres ? 'public' : 'main'
    const isQualified = item === undefined && this.#chance(8)
    const table = `${isQualified ? `${schema}.` : ''}${this.#spelled(named)}`
    return isBare
      ? [table, { alias: named, columns }]
      : [`${table} ${this.#pick(['', 'AS '])}${this.#spelled(alias)}`, { alias, columns }]
  }

  #spelled(name: string): string {
    return this.#pick([name, name, name, `"${name}"`, name.toUpperCase()])
  }

  #condition(scope: Scope): string {
    return this.#pick([
      () => `${this.#value(scope, 'int')} = ${this.#value(scope, 'int')}`,
      () => `${this.#value(scope, 'text')} LIKE 'a%'`,
      () => `${this.#value(scope, 'int')} BETWEEN 1 AND ${this.#value(scope, 'int')}`,
      () => `${this.#value(scope, 'text')} IS NOT NULL`,
      () => `(${this.#condition(scope)} OR NOT ${this.#condition(scope)})`,
      () => this.#nested(() => `EXISTS (${this.#query(scope, null)})`),
      () => this.#nested(() => `${this.#value(scope, 'int')} IN (${this.#query(scope, ['int'])})`),
    ])()
  }

  #value(scope: Scope, type: Column['type']): string {
    return this.#pick([
      () => this.#column(scope, type),
      () => this.#column(scope, type),
      () => this.#column(scope, type),
      () => (type === 'int' ? '7' : `'ssn'`),
      () => `coalesce(${this.#column(scope, type)}, ${this.#column(scope, type)})`,
      () =>
        type === 'int'
          ? `length(${this.#column(scope, 'text')})`
          : `CASE WHEN ${this.#column(scope, 'int')} > 1 THEN ${this.#column(scope, 'text')} ELSE '-' END`,
      () =>
        this.#nested(
          () => `(${this.#scalar(scope, type)})`,
          () => this.#column(scope, type),
        ),
    ])()
  }

  #aggregate(scope: Scope, type: Column['type']): string {
    if (type === 'text') return `max(${this.#column(scope, 'text')})`
    return this.#pick([
      () => 'count(*)',
      () => `sum(${this.#column(scope, 'int')})`,
      () => `count(DISTINCT ${this.#column(scope, 'text')})`,
    ])()
  }

  #nested(write: () => string, otherwise: () => string = () => '1 = 1'): string {
    return this.#depth < MAX_DEPTH ? write() : otherwise()
  }

  /** A column of this query, or of one around it. */
  #column(scope: Scope, type: Column['type']): string {
    let from: Scope = scope
    while (from.outer !== null && from.outer.relations.length > 0 && this.#chance(5))
      from = from.outer
    const candidates = from.relations.flatMap((relation) =>
      relation.columns
        .filter((column) => column.type === type)
        .map((column) => ({ relation, column })),
    )
    if (candidates.length === 0) return type === 'int' ? '3' : `'t'`
    const { relation, column } = this.#pick(candidates)
    const isUnique = candidates.filter((each) => each.column.name === column.name).length === 1
    const isBare = this.#chance(isUnique ? 2 : 12)
    const name = this.#spelled(column.name)
    return isBare ? name : `${this.#spelled(relation.alias)}.${name}`
  }

  #written(outside: Scope): string {
    this.#depth += 1
    const [prefix, scope] = this.#with(outside)
    const text = `${prefix}${this.#write(scope, this.#chance(2))}`
    this.#depth -= 1
    return text
  }

  #write(outside: Scope, returnsId: boolean): string {
    this.#depth += 1
    const table = this.#pick(this.#schema.writable)
    const columns = Object.entries(this.#schema.tables[table] ?? {}).map(([name, type]) => ({
      name,
      type,
    }))
    const target: Relation = { alias: table, columns }
    const scope: Scope = { relations: [target], outer: null, common: outside.common }
    const text = this.#pick([
      () => this.#insert(target, scope),
      () => this.#update(target, scope),
      () => this.#delete(target, scope),
    ])()
    if (this.#isPostgres && !returnsId && this.#depth === 2 && this.#chance(4)) {
      this.#depth -= 1
      return this.#merge(target, scope)
    }
    const extra = this.#chance(3) ? ', *' : ''
    this.#depth -= 1
    return returnsId ? `${text} RETURNING ${table}.id${extra}` : text
  }

  #insert(target: Relation, scope: Scope): string {
    const columns = target.columns.slice(0, 1 + this.#next(target.columns.length))
    const outside: Scope = { ...NOWHERE, common: scope.common }
    const rows = this.#query(
      outside,
      columns.map(({ type }) => type),
    )
    const list = this.#chance(8)
      ? ''
      : ` (${columns.map(({ name }) => this.#spelled(name)).join(', ')})`
    if (!this.#chance(3)) return `INSERT INTO ${target.alias}${list} ${rows}`
    const excluded: Relation = { alias: 'excluded', columns: target.columns }
    const seen: Scope = { ...scope, relations: [target, excluded] }
    // SQLite takes ON for the condition of a join unless WHERE stands between.
    const source = `SELECT * FROM (${rows}) AS q WHERE true`
    const set = this.#assignments(target, seen)
    return `INSERT INTO ${target.alias}${list} ${source} ON CONFLICT (id) DO UPDATE SET ${set}`
  }

  #assignments(target: Relation, scope: Scope): string {
    const column = this.#pick(target.columns)
    return `${this.#spelled(column.name)} = ${this.#value(scope, column.type)}`
  }

  #update(target: Relation, scope: Scope): string {
    const outside: Scope = { ...NOWHERE, common: scope.common }
    const isJoined = this.#schema.isDeterministic !== true && this.#chance(2)
    const [from, others] = isJoined ? this.#from(outside) : ['', []]
    const all: Scope = { ...scope, relations: [target, ...others] }
    const where = this.#chance(2) ? ` WHERE ${this.#condition(all)}` : ''
    return `UPDATE ${this.#spelled(target.alias)} SET ${this.#assignments(target, all)}${from}${where}`
  }

  #merge(target: Relation, scope: Scope): string {
    const [source, relation] = this.#relation({ ...NOWHERE, common: scope.common }, [target])
    const all: Scope = { ...scope, relations: [target, relation] }
    const inserted: Scope = { ...scope, relations: [relation] }
    const matched = this.#pick([
      `UPDATE SET ${this.#assignments(target, all)}`,
      'DELETE',
      'DO NOTHING',
    ])
    const rest = ` WHEN NOT MATCHED THEN INSERT (id) VALUES (${this.#value(inserted, 'int')})`
    const on = this.#condition(all)
    return `MERGE INTO ${target.alias} USING ${source} ON ${on} WHEN MATCHED THEN ${matched}${rest}`
  }

  #delete(target: Relation, scope: Scope): string {
    const outside: Scope = { ...NOWHERE, common: scope.common }
    // Of several matching rows PostgreSQL returns any one.
    const isJoined = this.#isPostgres && this.#schema.isDeterministic !== true && this.#chance(2)
    const [from, others] = isJoined ? this.#from(outside) : ['', []]
    const all: Scope = { ...scope, relations: [target, ...others] }
    const where = this.#chance(2) ? ` WHERE ${this.#condition(all)}` : ''
    return `DELETE FROM ${this.#spelled(target.alias)}${from.replace(' FROM ', ' USING ')}${where}`
  }
}
