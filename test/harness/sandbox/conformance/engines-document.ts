import { readFileSync } from 'node:fs'
import { AREAS } from './areas.ts'
import { DIFFERENCES, type Difference, MISSING, SINCE_NODE_26, WITHHELD } from './differences.ts'
import { WEB_GLOBALS } from './web-globals.ts'

/** The document that shows the data of this suite. */
export const DOCUMENT: URL = new URL('../../../../docs/engines.md', import.meta.url)

const ENGINES = ['quickjs', 'v8'] as const

function areas(): string {
  const rows = Object.entries(AREAS).map(([area, checks]) => {
    const names = Object.keys(checks)
    const held = ENGINES.map(
      (engine) => names.filter((name) => !DIFFERENCES[name]?.notOn.includes(engine)).length,
    )
    return [area, names.length, ...held] as const
  })
  const sums = [1, 2, 3].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0))
  const lines = [...rows, ['All', ...sums]].map((row) => `| ${row.join(' | ')} |`)
  return ['| Area | Checks | `quickjs` | `v8` |', '| --- | ---: | ---: | ---: |', ...lines].join(
    '\n',
  )
}

function differences(list: Readonly<Record<string, Difference>>): string {
  const lines = Object.entries(list).map(
    ([name, { notOn, reason }]) =>
      `| ${name} | ${notOn.map((engine) => `\`${engine}\``).join(', ')} | ${reason} |`,
  )
  return ['| What | Not on | Why |', '| --- | --- | --- |', ...lines].join('\n')
}

function globals(): string {
  const lines = WEB_GLOBALS.map(
    ({ names, note }) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${note} |`,
  )
  return ['| Global | Notes |', '| --- | --- |', ...lines].join('\n')
}

/** The tables of the document, by the name between their marks. */
const TABLES: Readonly<Record<string, () => string>> = {
  areas,
  withheld: () => differences(WITHHELD),
  missing: () => differences(MISSING),
  older: () => differences(SINCE_NODE_26),
  globals,
}

/** The document with every table as the data has it. */
export function currentDocument(): string {
  const text = readFileSync(DOCUMENT, 'utf8')
  return text.replaceAll(
    /(<!-- table: (\w+) -->\n)[\s\S]*?(\n<!-- end -->)/g,
    (_whole, start: string, name: string, end: string) => {
      const table = TABLES[name]
      if (table === undefined) throw new TypeError(`There is no table ${name}`)
      return start + table() + end
    },
  )
}

/** The names of the tables that the document has room for. */
export function tablesIn(document: string): string[] {
  return [...document.matchAll(/<!-- table: (\w+) -->/g)].map((match) => match[1] ?? '').sort()
}

/** The names of all tables. */
export const TABLE_NAMES: readonly string[] = Object.keys(TABLES).sort()
