import type { DatabaseSync } from 'node:sqlite'

/** Rows of the demo shop, by table. */
export type ShopRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** The tables, parents before children. */
export declare const TABLES: readonly string[]

/** The same rows on every machine. */
export declare function generate(): ShopRows

/** SHA-256 of the rows as JSON, in hexadecimal. */
export declare function checksum(rows: ShopRows): string

/** Creates the tables in a new SQLite file and fills them. */
export declare function openSqlite(file: string, rows?: ShopRows): Promise<DatabaseSync>
