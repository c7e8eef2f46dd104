// npm run bench:sandbox -- [--quick] [--peers default|all|none|part-of-name,…] [--groups warm,…] [--write]
// Our sandbox beside its peers in one run, then every target it has to reach and the figure that it got.
// With --write the tables of docs/performance.md become those of this run.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchSandbox, ENGINES } from './bench-sandbox.ts'
import { root } from './built.ts'
import { runGroup } from './group-process.ts'
import { DEFAULT_PEERS, type PeersResult, runPeers } from './peers-run.ts'
import { type Row, rowsTable } from './rows.ts'

const GROUPS = [
  'warm',
  'sustained',
  'tools',
  'journal',
  'compute',
  'memory',
  'endings',
  'neighbours',
  'large-host',
]

const resultsFolder = join(import.meta.dirname, 'results')
const docs = join(root, 'docs', 'performance.md')

interface Machine {
  readonly date: string
  readonly node: string
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  /** For each engine the level that was reached and how. */
  readonly isolation: Readonly<Record<string, string>>
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'string', default: 'default' },
      groups: { type: 'string', default: GROUPS.join(',') },
      write: { type: 'boolean', default: false },
    },
  })
  if (values.write && values.quick) throw new Error('The figures of a quick pass are not written')
  mkdirSync(resultsFolder, { recursive: true })
  const isQuick = values.quick
  const machine = await describeMachine()
  const peers = await measurePeers(values.peers, isQuick)
  const rows: Row[] = []
  for (const group of values.groups.split(',').filter((name) => name !== '')) {
    console.error(`bench: ${group}`)
    rows.push(...(await runGroup(group, isQuick)))
  }
  const report = asMarkdown({ machine, peers, rows, isQuick })
  const json = { machine, isQuick, rows, peers: peers?.results ?? null }
  writeFileSync(join(resultsFolder, 'sandbox.json'), `${JSON.stringify(json, null, 1)}\n`)
  writeFileSync(join(resultsFolder, 'sandbox.md'), report)
  if (values.write) writeIntoDocs(report)
  console.log(report)
  return 0
}

async function measurePeers(which: string, isQuick: boolean): Promise<PeersResult | null> {
  if (which === 'none') return null
  const chosen = which === 'default' ? DEFAULT_PEERS : which.split(',')
  return runPeers({ names: which === 'all' ? null : chosen, isQuick, resultsFolder })
}

async function describeMachine(): Promise<Machine> {
  const isolation: Record<string, string> = {}
  for (const engine of ENGINES) {
    const sandbox = await BenchSandbox.open(engine)
    const { level, driver, layers } = sandbox.facts
    isolation[engine] = `${level} by ${driver} (${layers.join(', ')})`
    await sandbox.close()
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    system: `${process.platform} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    isolation,
  }
}

const BEGIN = '<!-- figures -->'
const END = '<!-- end of figures -->'

function writeIntoDocs(report: string): void {
  const text = readFileSync(docs, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`docs/performance.md has no ${BEGIN} and ${END}`)
  writeFileSync(docs, `${before}${BEGIN}\n\n${report}\n${END}${after}`)
}

interface Report {
  readonly machine: Machine
  readonly peers: PeersResult | null
  readonly rows: readonly Row[]
  readonly isQuick: boolean
}

function asMarkdown({ machine, peers, rows, isQuick }: Report): string {
  const { date, node, system, processor, cores, memoryGib, isolation } = machine
  const missed = rows.filter(({ isReached }) => isReached === false).length
  const judged = rows.filter(({ isReached }) => isReached !== null).length
  return [
    `${date}, Node ${node}, ${system}, ${cores} × ${processor}, ${memoryGib} GiB`,
    ...Object.entries(isolation).map(([engine, level]) => `- ${engine}: ${level}`),
    ...(isQuick ? ['', 'A quick pass: everything runs, no figure means anything.'] : []),
    ...(peers === null ? [] : ['', '### Beside the peers', '', peers.table]),
    '',
    '### Targets',
    '',
    rowsTable(rows),
    '',
    `${judged - missed} of ${judged} targets reached`,
    '',
  ].join('\n')
}

process.exitCode = await main()
