import type { Compilable, Kysely } from 'kysely'
import { firstTables } from './0001-first-tables.ts'

/** One step of the schema: the statements that lead to it from the step before. */
export type Migration = (db: Kysely<unknown>) => readonly Compilable[]

/** Every step, oldest first. Steps are only ever added: a released one is never edited or removed. */
export const MIGRATIONS: readonly Migration[] = [firstTables]
