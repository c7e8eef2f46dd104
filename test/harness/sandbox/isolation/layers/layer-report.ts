import { readFileSync } from 'node:fs'
import type { AttemptRecord, CorpusRecord, DriverRecord, LayerRecord } from './layer-record.ts'
import { REMOVALS } from './layer-record.ts'
import { REMOVABLE_LAYERS, type RemovableLayer } from './without-layers.ts'

/** The document that shows the record, between two marks. */
export const DOCUMENT: URL = new URL('../../../../../docs/security-model.md', import.meta.url)

const BEGIN = '<!-- layers: written by scripts/layer-table.mjs -->'
const END = '<!-- /layers -->'
const DRIVERS = 'The same with each driver, all its layers on, as root and as an unprivileged user:'
const ENGINES = ['quickjs', 'v8'] as const
const USERS = ['root', 'nobody'] as const

/** What the document says now. */
export function readReport(): string {
  const text = readFileSync(DOCUMENT, 'utf8')
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).trim()
}

/** The document with another report. */
export function withReport(document: string, report: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error('The document has no marks for the report')
  return `${document.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${document.slice(end)}`
}

/** The record as two tables. */
export function describeLayers(record: LayerRecord): string {
  return [
    `Recorded on ${record.host}. Successes of the public attacks, static analysis and code policies off:`,
    corpusTable(record.corpus),
    ...(record.drivers.length === 0 ? [] : [DRIVERS, driverTable(record.drivers)]),
    attemptSummary(record.attempts),
    attemptTable(record.attempts),
  ].join('\n\n')
}

function corpusTable(corpus: readonly CorpusRecord[]): string {
  const rows = REMOVALS.map((removed) => {
    const cells = ENGINES.map((engine) => {
      return successes(corpus.find((one) => one.engine === engine && isSame(one.removed, removed)))
    })
    return [nameRemoval(removed), ...cells]
  })
  return table(['Isolation', ...ENGINES.map((engine) => `\`${engine}\``)], rows)
}

function driverTable(drivers: readonly DriverRecord[]): string {
  const columns = ENGINES.flatMap((engine) => USERS.map((user) => ({ engine, user })))
  const rows = [...new Set(drivers.map(({ driver }) => driver))].map((driver) => {
    const cells = columns.map(({ engine, user }) => {
      const isIt = (one: DriverRecord): boolean =>
        one.driver === driver && one.engine === engine && one.user === user
      return successes(drivers.find(isIt))
    })
    return [`\`${driver}\``, ...cells]
  })
  return table(['Driver', ...columns.map(({ engine, user }) => `\`${engine}\`, ${user}`)], rows)
}

function successes(run: Pick<CorpusRecord, 'succeeded' | 'attacks'> | undefined): string {
  return run === undefined ? 'not run' : `${run.succeeded.length} of ${run.attacks}`
}

function nameRemoval(removed: readonly RemovableLayer[]): string {
  if (removed.length === 0) return 'all layers'
  return removed.length === REMOVABLE_LAYERS.length
    ? 'a process of its own and the engine, nothing else'
    : `without ${removed.join(', ')}`
}

function attemptSummary(attempts: LayerRecord['attempts']): string {
  const all = Object.values(attempts)
  const count = (isSo: (attempt: AttemptRecord) => boolean): number => all.filter(isSo).length
  const successes = REMOVABLE_LAYERS.map((layer) => {
    const names = Object.keys(attempts).filter((name) => attempts[name]?.needs.includes(layer))
    const titles = names.map((name) => name.replace(/^calls: /, ''))
    return `- without ${layer}: ${titles.length === 0 ? 'none' : titles.join(', ')}`
  })
  return [
    `A program that has left its engine makes ${all.length} attempts, with Node's own interfaces and with`,
    'bare system calls. In a process of its own and nothing else, ' +
      `${count(({ succeedsWithNone }) => succeedsWithNone)} succeed; with all layers,`,
    `${count(({ succeedsWithAll }) => succeedsWithAll)} succeed. With one layer taken away:`,
    '',
    ...successes,
    '',
    'The table names each layer that stops an attempt alone.',
  ].join('\n')
}

function attemptTable(attempts: LayerRecord['attempts']): string {
  const names = [...new Set(Object.keys(attempts).map((name) => name.replace(/^\w+: /, '')))]
  const cell = (name: string): string => {
    const attempt = attempts[name]
    return attempt === undefined ? '–' : attempt.heldBy.join(', ') || 'no layer alone'
  }
  const rows = names.map((name) => [name, cell(`node: ${name}`), cell(`calls: ${name}`)])
  return table(['Attempt', "With Node's interfaces", 'With system calls'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((layer) => right.includes(layer))
}
