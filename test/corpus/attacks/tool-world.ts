import { DatabaseSync } from 'node:sqlite'
import type { JsonValue } from '../../../harness/index.ts'

/** The rows of the table behind the tool `lookup`. `restricted` holds the secret and is denied. */
export function lookupRows(secret: string): ReadonlyMap<string, JsonValue> {
  return new Map<string, JsonValue>([
    ['public', { text: 'open to all', tags: ['a', 'b'] }],
    ['other', { text: 'open too', tags: [] }],
    ['restricted', { text: secret, tags: [secret] }],
  ])
}

/** Makes the database behind the tool `sql`: orders that may be read, and a vault that may not. */
export function createDatabase(file: string, secret: string): void {
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, qty INTEGER)')
  database.exec("INSERT INTO orders (item, qty) VALUES ('lamp', 2), ('desk', 1), ('chair', 4)")
  database.exec('CREATE TABLE vault (secret TEXT)')
  database.prepare('INSERT INTO vault VALUES (?)').run(secret)
  database.close()
}
