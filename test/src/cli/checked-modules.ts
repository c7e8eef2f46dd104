import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const front = new URL('../../../src/index.ts', import.meta.url).href

/** What a caller of `airlock check` has lying about, by path. */
export const FILES: Readonly<Record<string, string>> = {
  'tools.mjs': `
import { defineTool, jsonSchema } from ${JSON.stringify(front)}
const object = (properties) => jsonSchema({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false })
export const tools = {
  sql: defineTool({ name: 'sql', description: 'Reads', input: object({ sql: { type: 'string' } }), readOnly: true, sql: { dialect: 'sqlite', argument: 'sql' }, run: () => [] }),
  refund: defineTool({ name: 'refund', description: 'Pays back', input: object({ orderId: { type: 'integer' } }), readOnly: false, run: () => null }),
}
`,
  'one-by-one.mjs': `export { tools as everything } from './tools.mjs'
import { tools } from './tools.mjs'
export const sql = tools.sql
export const refund = tools.refund
`,
  'default.mjs': `import { tools } from './tools.mjs'\nexport default [tools.sql]\n`,
  'twice.mjs': `import { tools } from './tools.mjs'\nexport default [tools.sql, tools.sql]\n`,
  'no-tool.mjs': `export const tools = [{ name: 'sql' }]\n`,
  'nothing.mjs': `export const answer = 42\n`,
  'broken.mjs': `throw new Error('broken on purpose')\n`,
  'policies.mjs': `
import { CodePolicy, DataPolicy } from ${JSON.stringify(front)}
export const policies = [new DataPolicy({ readableTables: ['orders'] }), new CodePolicy({ maxLines: 20 })]
`,
  'good.ts': `const rows: unknown[] = await tools.sql({ sql: 'SELECT id FROM orders' })\nreturn rows.length\n`,
  'warned.ts': `return tools.refund({ orderId: '4' })\n`,
  'denied.js': `const rows = await tools.sql({ sql: 'SELECT email FROM customers' })\nreturn eval(rows[0].email)\n`,
  'text.js': `const text = "\u001B[2J\u202E"\nreturn fetch(text)\n`,
  'no program.ts': `return (((\n`,
}

/** Writes {@link FILES} to a folder of its own. */
export function writeFiles(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'airlock-check-'))
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}
