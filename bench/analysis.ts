// npm run bench:analysis -- [--quick] [--write]
// Reading a program beside parsing it, in the child that reads programs, the way there and back, and the growth up
// to the largest program. With --write the figures and the plot of docs/analysis.md become those of this run.
import { readFileSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type * as Killable from '../harness/parsing/killable-process.ts'
import type * as Reader from '../harness/program-reader.ts'
import { type GrowthPoint, growthPlot } from './analysis/growth-plot.ts'
import { hundredLinePrograms, type MeasuredProgram, programOfSize } from './analysis/programs.ts'
import type { MeasureAnswer } from './analysis-child.ts'
import { built, root } from './built.ts'
import { median, quantile } from './quantiles.ts'
import { atMost, digits, type Row, rowsTable, shown } from './rows.ts'

const SIZES_KIB = [8, 16, 32, 64, 128, 192, 255]
const DEADLINE_MS = 120_000
const docs = join(root, 'docs', 'analysis.md')

const { KillableProcess } = await built<typeof Killable>('harness/parsing/killable-process.js')
const { ProgramReader } = await built<typeof Reader>('harness/program-reader.js')

interface Rounds {
  readonly warm: number
  readonly measured: number
  readonly trips: number
}

const FULL: Rounds = { warm: 400, measured: 400, trips: 1_000 }
const QUICK: Rounds = { warm: 5, measured: 5, trips: 20 }

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  if (values.quick && values.write) throw new Error('The figures of a quick pass are not written')
  const rounds = values.quick ? QUICK : FULL
  const child = new KillableProcess({
    entry: new URL('./analysis-child.ts', import.meta.url),
    name: 'bench',
    maxCalls: 1_000_000,
  })
  try {
    const rows = [
      ...(await beside(child, 'js', rounds)),
      ...(await beside(child, 'ts', rounds)),
      ...(await roundTrips(child, rounds)),
    ]
    const points = await growth(child, values.quick)
    rows.push(linearity(points))
    const report = asMarkdown(rows, points)
    console.log(report)
    if (values.write) writeDocs(report, points)
    return rows.every(({ isReached }) => isReached !== false) ? 0 : 1
  } finally {
    await child.close()
  }
}

type Child = InstanceType<typeof KillableProcess>

async function measure(
  child: Child,
  program: MeasuredProgram,
  rounds: number,
): Promise<MeasureAnswer> {
  const question = { program: { ...program, toolNames: [...program.toolNames] }, rounds }
  const answer = await child.call(question, { deadlineMs: DEADLINE_MS })
  const measured = answer as unknown as MeasureAnswer
  if (measured.violations > 0) throw new Error(`${program.name} is denied, so it measures nothing`)
  return measured
}

/** Both ways on the same text, in turns. */
async function beside(child: Child, language: 'js' | 'ts', rounds: Rounds): Promise<Row[]> {
  const programs = hundredLinePrograms(language, 6)
  for (const program of programs) await measure(child, program, rounds.warm)
  const answers: MeasureAnswer[] = []
  for (const program of programs) answers.push(await measure(child, program, rounds.measured))
  const parseMs = median(answers.flatMap((answer) => answer.parseMs))
  const judgeMs = median(answers.flatMap((answer) => answer.judgeMs))
  const ratios = answers.map((answer) => median(answer.judgeMs) / median(answer.parseMs))
  const note = `median of 6 programs, ${digits(Math.min(...ratios))} to ${digits(Math.max(...ratios))}; ${digits(judgeMs)} ms to ${digits(parseMs)} ms`
  const name = language === 'js' ? 'JavaScript' : 'TypeScript, lowering included'
  const what = `analysis and four policies of 100 lines of ${name}, to @babel/parser alone`
  return [atMost({ what, value: median(ratios), limit: 2.5, unit: 'times', note })]
}

async function roundTrips(child: Child, rounds: Rounds): Promise<Row[]> {
  const trip = async () => {
    const started = performance.now()
    await child.call('ping', { deadlineMs: DEADLINE_MS })
    return performance.now() - started
  }
  const trips = await repeated(rounds.trips, trip)
  const reader = new ProgramReader()
  const programs = hundredLinePrograms('js', 6)
  const reading = async (index: number) => {
    const program = programs[index % programs.length] as MeasuredProgram
    const started = performance.now()
    const read = await reader.read({ ...program, maxProgramBytes: 262_144 })
    if (!read.ok) throw new Error(`${program.name} cannot be read`)
    return performance.now() - started
  }
  try {
    const readings = await repeated(rounds.trips, reading)
    const note = (values: readonly number[]) => `p95 ${digits(quantile(values, 0.95))} ms`
    return [
      atMost({
        what: 'round trip to the child, p50',
        value: median(trips),
        limit: 0.5,
        unit: 'ms',
        note: note(trips),
      }),
      shown('the same with 100 lines to read, p50', median(readings), 'ms', note(readings)),
    ]
  } finally {
    await reader.close()
  }
}

/** The times of the second half: the first one warms up. */
async function repeated(
  count: number,
  time: (index: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count * 2; index += 1) times.push(await time(index))
  return times.slice(count)
}

async function growth(child: Child, isQuick: boolean): Promise<readonly GrowthPoint[]> {
  const points: GrowthPoint[] = []
  for (const kib of SIZES_KIB) {
    const program = programOfSize(kib * 1024)
    const rounds = isQuick ? 4 : Math.max(40, Math.round(3_000 / kib))
    const { parseMs, judgeMs } = await measure(child, program, rounds)
    points.push({ kib, parseMs: undisturbed(parseMs), judgeMs: undisturbed(judgeMs) })
  }
  return points
}

/** What takes long is disturbed more often by whatever else the machine does: a tenth of all rounds is not. */
function undisturbed(values: readonly number[]): number {
  return quantile(values.slice(values.length >> 2), 0.1)
}

/** The cost of each KiB of the largest program beside that of one of 32 KiB. */
function linearity(points: readonly GrowthPoint[]): Row {
  const per = (kib: number) => {
    const point = points.find((each) => each.kib === kib)
    if (point === undefined) throw new RangeError('There is no such size')
    return point.judgeMs / kib
  }
  const what = 'a KiB of 255 KiB of source, to one of 32 KiB'
  return atMost({ what, value: per(255) / per(32), limit: 1.5, unit: 'times' })
}

function asMarkdown(rows: readonly Row[], points: readonly GrowthPoint[]): string {
  const sizes = points.map(
    ({ kib, parseMs, judgeMs }) =>
      `| ${kib} | ${digits(parseMs)} | ${digits(judgeMs)} | ${digits(judgeMs / parseMs)} |`,
  )
  const [load = 0] = loadavg()
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.platform} ${release()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load ${load.toFixed(1)}`,
    '',
    rowsTable(rows),
    '',
    '| KiB | `@babel/parser` alone, ms | analysis and four policies, ms | ratio |',
    '| --- | --- | --- | --- |',
    ...sizes,
    '',
  ].join('\n')
}

const BEGIN = '<!-- figures -->'
const END = '<!-- end of figures -->'

function writeDocs(report: string, points: readonly GrowthPoint[]): void {
  const text = readFileSync(docs, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`docs/analysis.md has no ${BEGIN} and ${END}`)
  writeFileSync(docs, `${before}${BEGIN}\n\n${report}\n${END}${after}`)
  writeFileSync(join(root, 'docs', 'analysis-growth.svg'), growthPlot(points))
}

process.exitCode = await main()
