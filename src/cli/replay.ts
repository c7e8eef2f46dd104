import { AgenticError, ConfigurationError } from '../../harness/index.ts'
import { UsageError } from './check-arguments.ts'
import { REPLAY_HELP, readReplayArguments } from './replay-arguments.ts'
import type { ReplayComparison } from './replay-comparison.ts'
import { openReplayer } from './replay-stored.ts'

/**
 * Runs `airlock replay …`: one stored run again over its journal.
 *
 * @returns The exit code: 0 nothing would differ, 1 something would, 2 something else is wrong.
 */
export async function replay(args: readonly string[]): Promise<number> {
  try {
    const options = readReplayArguments(args)
    if (options === 'help') {
      console.log(REPLAY_HELP)
      return 0
    }
    const replayer = await openReplayer(options)
    try {
      const run = await replayer.runs.get(options.runId)
      if (run === null) throw new ConfigurationError('There is no such run in the store')
      const comparison = await replayer.replay(run)
      if (comparison === null) throw new ConfigurationError('This run has no program to replay')
      console.log(options.json ? JSON.stringify(comparison, null, 2) : wordComparison(comparison))
      return comparison.differences.length === 0 ? 0 : 1
    } finally {
      await replayer.close()
    }
  } catch (error) {
    return wordUsage(error, REPLAY_HELP)
  }
}

/** One run in a few lines. */
export function wordComparison(comparison: ReplayComparison): string {
  const { runId, endpoint, status, differences, replay } = comparison
  const head = `${runId} (${endpoint}, ${status})`
  const calls = `${replay.calls.length} recorded calls replayed, ending: ${replay.ending}`
  if (differences.length === 0) return `${head}: nothing would differ; ${calls}`
  const lines = differences.map(({ kind, message }) => `  ${kind}: ${message}`)
  return [`${head}: ${differences.length} would differ; ${calls}`, ...lines].join('\n')
}

/** Says what is wrong with a command line, a store or a module. */
export function wordUsage(error: unknown, help: string): number {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${help}`)
  else if (error instanceof AgenticError) console.error(`${error.code}: ${error.message}`)
  else throw error
  return 2
}
