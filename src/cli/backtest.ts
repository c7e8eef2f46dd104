import { wordComparison, wordUsage } from './replay.ts'
import { BACKTEST_HELP, type BacktestArguments, readBacktestArguments } from './replay-arguments.ts'
import type { ReplayComparison, ReplayDifference } from './replay-comparison.ts'
import { openReplayer, type Replayer } from './replay-stored.ts'

const PAGE = 100

/** What a backtest came to. */
export interface BacktestReport {
  readonly runs: number
  /** Runs without a program to replay. */
  readonly skipped: number
  readonly same: number
  readonly different: number
  /** How many runs have a difference of each kind. */
  readonly kinds: Readonly<Partial<Record<ReplayDifference['kind'], number>>>
  /** The runs that would go another way, newest first. */
  readonly differing: readonly ReplayComparison[]
}

/**
 * Runs `airlock backtest …`: stored runs again over their journals, under other policies.
 *
 * @returns The exit code: 0 nothing would differ, 1 something would, 2 something else is wrong.
 */
export async function backtest(args: readonly string[]): Promise<number> {
  try {
    const options = readBacktestArguments(args, Date.now())
    if (options === 'help') {
      console.log(BACKTEST_HELP)
      return 0
    }
    const replayer = await openReplayer(options)
    try {
      const report = await testRuns(replayer, options)
      console.log(options.json ? JSON.stringify(report, null, 2) : wordReport(report))
      return report.different === 0 ? 0 : 1
    } finally {
      await replayer.close()
    }
  } catch (error) {
    return wordUsage(error, BACKTEST_HELP)
  }
}

async function testRuns(replayer: Replayer, options: BacktestArguments): Promise<BacktestReport> {
  const differing: ReplayComparison[] = []
  const kinds = new Map<ReplayDifference['kind'], number>()
  let runs = 0
  let skipped = 0
  for await (const run of newestFirst(replayer, options)) {
    runs += 1
    const comparison = await replayer.replay(run)
    if (comparison === null) skipped += 1
    else if (comparison.differences.length > 0) {
      differing.push(comparison)
      for (const kind of new Set(comparison.differences.map((one) => one.kind))) {
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
    }
  }
  const same = runs - skipped - differing.length
  const counted = Object.fromEntries(kinds)
  return { runs, skipped, same, different: differing.length, kinds: counted, differing }
}

async function* newestFirst({ runs }: Replayer, { since, endpoint, maxRuns }: BacktestArguments) {
  let left = maxRuns
  let before: { readonly before?: string } = {}
  for (;;) {
    const page = await runs.list({ ...before, limit: PAGE })
    for (const run of page) {
      if (run.createdAt < since) return
      if (endpoint !== null && run.endpoint !== endpoint) continue
      if (left-- === 0) return
      yield run
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    before = { before: last.runId }
  }
}

function wordReport({ runs, skipped, same, different, kinds, differing }: BacktestReport): string {
  const counts = Object.entries(kinds).map(([kind, count]) => `  ${kind}: ${count} runs`)
  return [
    `${runs} runs: ${same} the same, ${different} would differ, ${skipped} without a program`,
    ...counts,
    ...differing.map(wordComparison),
  ].join('\n')
}
