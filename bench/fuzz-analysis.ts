// npm run fuzz:analysis -- [count] [--seed number]
// Texts that nobody would write, half of them mutated programs and attacks of the corpus, half made by a grammar, read as
// the product reads them. Ends with 1 when one of them crashed something, took longer than it may, kept the host from its
// work, or was understood by us and not by the engine or by @babel/traverse.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type * as Reader from '../harness/program-reader.ts'
import {
  type FuzzReport,
  fuzzAnalysis,
  fuzzTexts,
} from '../test/harness/analysis/fuzz/fuzz-analysis.ts'
import { EngineGrammar, nameDisagreements } from '../test/harness/analysis/fuzz/second-opinion.ts'
import { built } from './built.ts'
import { watchLoop } from './loop-delay.ts'
import { atMost, claim, type Row, rowsTable, shown } from './rows.ts'

const DEFAULT_COUNT = 50_000
const BATCH = 2_500
const MAX_ACCEPTED_PER_BATCH = 250
/** The most that a text of 64 KiB may take. */
const MAX_MS = 250
const MAX_BLOCKED_MS = 20
/** Heap of a child and what it needs beside it. */
const MAX_CHILD_MB = 512

const { ProgramReader } = await built<typeof Reader>('harness/program-reader.js')

interface Totals {
  readonly endings: Map<string, number>
  readonly problems: string[]
  slowestMs: number
  longestMs: number
  blockedMs: number
  peakMb: number
  accepted: number
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { seed: { type: 'string', default: '1' } },
    allowPositionals: true,
  })
  const count = Number(positionals[0] ?? DEFAULT_COUNT)
  const seed = Number(values.seed)
  const engine = await EngineGrammar.load()
  const reader = new ProgramReader()
  const totals: Totals = {
    endings: new Map(),
    problems: [],
    slowestMs: 0,
    longestMs: 0,
    blockedMs: 0,
    peakMb: 0,
    accepted: 0,
  }
  try {
    // The host's own code is compiled by a first batch that is not timed.
    await fuzzAnalysis(reader, [...fuzzTexts(200, seed + 1_000_000)], { maxAccepted: 0 })
    for (let done = 0; done < count; done += BATCH) {
      // Made before the clock runs: making them is work of this process too.
      const texts = [...fuzzTexts(Math.min(BATCH, count - done), seed + done)]
      const { value, blockedMs } = await watchLoop(() =>
        fuzzAnalysis(reader, texts, { maxAccepted: MAX_ACCEPTED_PER_BATCH, cpuMs: childrenCpuMs }),
      )
      await add(totals, value, engine)
      totals.blockedMs = Math.max(totals.blockedMs, blockedMs)
      totals.peakMb = Math.max(totals.peakMb, peakOfChildrenMb())
      console.error(`${done + value.count} of ${count}, slowest ${totals.slowestMs.toFixed(0)} ms`)
    }
  } finally {
    await reader.close()
  }
  return report(totals, count)
}

async function add(totals: Totals, found: FuzzReport, engine: EngineGrammar): Promise<void> {
  for (const [ending, times] of found.endings) {
    totals.endings.set(ending, (totals.endings.get(ending) ?? 0) + times)
  }
  totals.slowestMs = Math.max(totals.slowestMs, found.slowestCpuMs)
  totals.longestMs = Math.max(totals.longestMs, found.slowest.ms)
  const note = (problem: string, source: string) =>
    totals.problems.push(`${problem}: ${JSON.stringify(source.slice(0, 400))}`)
  for (const { problem, text } of found.problems) note(problem, text.source)
  for (const { code, text } of found.accepted) {
    totals.accepted += 1
    for (const problem of nameDisagreements(code)) note(`@babel/traverse: ${problem}`, text.source)
    const reason = await engine.refuses(code)
    if (reason !== null) note(`the engine: ${reason}`, text.source)
  }
}

function report(totals: Totals, count: number): number {
  const { endings, problems, accepted } = totals
  const cut = endings.get('parser-deadline') ?? 0
  const rows: Row[] = [
    claim(
      'texts with an answer, a reason and a place',
      String(count),
      problems.length === 0,
      `${count - problems.length}`,
    ),
    atMost({
      what: 'processor time of one text',
      value: totals.slowestMs,
      limit: MAX_MS,
      unit: 'ms',
      note: `${cut} more were refused there`,
    }),
    shown('the same by the clock, starts of children included', totals.longestMs, 'ms'),
    atMost({
      what: 'the host at a standstill',
      value: totals.blockedMs,
      limit: MAX_BLOCKED_MS,
      unit: 'ms',
    }),
    atMost({
      what: 'resident memory of a child',
      value: totals.peakMb,
      limit: MAX_CHILD_MB,
      unit: 'MB',
    }),
    shown('programs given to the engine and to @babel/traverse as well', accepted, ''),
  ]
  const sorted = [...endings].sort((a, b) => b[1] - a[1])
  console.log(rowsTable(rows))
  console.log(
    [
      '',
      '| Ending | Texts |',
      '| --- | --- |',
      ...sorted.map(([name, times]) => `| ${name} | ${times} |`),
    ].join('\n'),
  )
  for (const problem of problems.slice(0, 20)) console.log(problem)
  return rows.every(({ isReached }) => isReached !== false) ? 0 : 1
}

function childPids(): readonly string[] {
  const listed = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1')
  return listed.split(' ').filter(Boolean)
}

/** Processor time of each child so far, in milliseconds. */
function childrenCpuMs(): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const pid of childPids()) {
    const nanoseconds = readProc(`/proc/${pid}/schedstat`)?.split(' ')[0]
    if (nanoseconds !== undefined) times.set(pid, Number(nanoseconds) / 1_000_000)
  }
  return times
}

/** The most memory that any living child has had. */
function peakOfChildrenMb(): number {
  const peaks = childPids().map((pid) => {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
    return Number(kilobytes ?? 0) / 1024
  })
  return Math.max(0, ...peaks)
}

/** `null` for a child that has just ended. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

process.exitCode = await main()
