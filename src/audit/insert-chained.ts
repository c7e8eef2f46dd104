import { type Compilable, sql } from 'kysely'
import type { Database } from '../store/database.ts'
import type { Tables } from '../store/tables.ts'
import type { Chained } from './chain-statements.ts'

/** The statement that inserts a row in the commit that chains a record, and in no other. */
export function insertChained(
  { queries }: Pick<Database, 'queries'>,
  table: keyof Tables & string,
  row: { readonly [column: string]: string | number | null },
  chained: Chained,
): Compilable {
  const names = Object.keys(row).map((name) => sql.ref(name))
  // PostgreSQL has to be told what a parameter in a select is; a null that is none takes any type.
  const values = Object.values(row).map((value) => {
    if (value === null) return sql`null`
    return typeof value === 'number' ? sql`cast(${value} as bigint)` : sql`cast(${value} as text)`
  })
  const insert = sql<never>`insert into ${sql.table(table)} (${sql.join(names)})
    select ${sql.join(values)} from airlock_audit_head where ${chained.is}`
  return { compile: <O>() => insert.compile(queries) as ReturnType<Compilable<O>['compile']> }
}
