import { type Compilable, type Kysely, type RawBuilder, sql } from 'kysely'
import { type EngineName, kyselyOver, toStatement } from './kysely-engine.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { PostgresqlEngine } from './postgresql-engine.ts'
import { SqliteThread } from './sqlite-thread.ts'
import type { CompiledMigration, Engine } from './statement.ts'
import { parseStoreLocation, type StoreLocation, type StorePlace } from './store-location.ts'
import type { Tables } from './tables.ts'

/**
 * The store's one database, on either engine. Interactive transactions do not exist, as the work of many
 * callers is committed at once: what belongs together goes into one {@link Database.together}. One such
 * group takes effect after the other, in all processes together, so a statement sees what the ones before
 * it have done and nothing comes in between.
 */
export interface Database {
  /** Builds queries and runs single ones. SQL that both engines have. */
  readonly queries: Kysely<Tables>
  /**
   * Runs queries that take effect together or not at all. Resolves when they are durable.
   *
   * @returns For each query how many rows it changed; 0 for one that gives rows back.
   * @throws {StoreError} When they did not take effect; with reason `crashed`, when nobody knows.
   */
  together(queries: readonly Compilable[]): Promise<readonly number[]>
  /** A list for `in`, of more texts than a statement may have parameters. */
  listed(values: readonly string[]): RawBuilder<string>
  /** Lets what was asked be answered, then lets go of the database. Later calls are refused. */
  close(): Promise<void>
}

/**
 * Opens a database and brings its schema up to date.
 *
 * @param location - A path, created with its last folder for their owner alone; `':memory:'`; or where a
 * PostgreSQL database is.
 * @throws {StoreError} When it cannot be opened.
 * @throws {ConfigurationError} When it is no location, when a newer version of this package has written
 * it, or when it is on PostgreSQL and the package `pg` is missing.
 */
export async function openDatabase(location: StoreLocation): Promise<Database> {
  const place = parseStoreLocation(location)
  const engine = await openEngine(place, compileMigrations(place.engine))
  return {
    queries: kyselyOver(place.engine, engine),
    async together(queries) {
      const statements = queries.map((query) => toStatement(query.compile()))
      const results = await engine.execute(statements, { isReadOnly: false })
      return results.map(({ changes }) => changes)
    },
    listed: LISTS[place.engine],
    close: () => engine.close(),
  }
}

const LISTS: Readonly<Record<EngineName, Database['listed']>> = {
  sqlite: (values) => sql`(select value from json_each(${JSON.stringify(values)}))`,
  postgresql: (values) =>
    sql`(select json_array_elements_text(cast(${JSON.stringify(values)} as json)))`,
}

async function openEngine(
  place: StorePlace,
  migrations: readonly CompiledMigration[],
): Promise<Engine> {
  if (place.engine === 'sqlite') {
    const thread = new SqliteThread(place.path, migrations)
    await thread.open()
    return thread
  }
  const engine = new PostgresqlEngine(place)
  try {
    await engine.open(migrations)
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

function compileMigrations(engine: EngineName): readonly CompiledMigration[] {
  const compileOnly = kyselyOver<unknown>(engine, null)
  return MIGRATIONS.map((migration, index) => ({
    version: index + 1,
    statements: migration(compileOnly).map((query) => toStatement(query.compile())),
  }))
}
