import { parseArgs } from 'node:util'
import type { IsolationMinimum } from '../../harness/index.ts'
import { UsageError } from './check-arguments.ts'

/** What `airlock replay` and `airlock backtest` have in common. */
export interface ReplayArguments {
  /** A SQLite file or a `postgresql://` URL. */
  readonly store: string
  readonly toolsModule: string | null
  readonly policyModule: string | null
  readonly isolation: IsolationMinimum
  readonly json: boolean
}

/** What `airlock backtest` is asked beside that. */
export interface BacktestArguments extends ReplayArguments {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly endpoint: string | null
  readonly maxRuns: number
}

const COMMON = `      --store <store>      a SQLite file or a postgresql:// URL; read, never written
      --policy <module>    the policies to judge by: \`policies\` or the default export. Without it only
                           the gates that no policy is needed for
      --tools <module>     the tools as they are today. Without it they are taken as the record shows
                           them: any argument, no SQL
      --isolation <level>  kernel (the default), namespaced, process or best: the programs really run
      --json               the answer as JSON

Tools are never called: a program sees the answers on record. Exit codes: 0 nothing would differ, 1 something
would, 2 the command line, the store or a module is wrong.
`

/** The words for `airlock replay --help`. */
export const REPLAY_HELP: string = `airlock replay: runs a stored run again over its journal and says what would differ

  airlock replay <runId> --store <store> [--policy <module>] [--tools <module>]
${COMMON}`

/** The words for `airlock backtest --help`. */
export const BACKTEST_HELP: string = `airlock backtest: replays stored runs under other policies and says what would differ

  airlock backtest --store <store> --policy <module> --since 30d [--endpoint <name>]
      --since <time>       how far back: 30d, 12h, 45m, or a date. Default 30d
      --endpoint <name>    runs of this endpoint only
      --max-runs <count>   the newest so many runs at most. Default 10000
${COMMON}`

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  store: { type: 'string' },
  policy: { type: 'string' },
  tools: { type: 'string' },
  isolation: { type: 'string', default: 'kernel' },
  json: { type: 'boolean', default: false },
  since: { type: 'string', default: '30d' },
  endpoint: { type: 'string' },
  'max-runs': { type: 'string', default: '10000' },
} as const

const LEVELS: readonly IsolationMinimum[] = ['kernel', 'namespaced', 'process', 'best']
const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const

/**
 * Reads what stands behind `airlock replay`.
 *
 * @throws {UsageError} It is not understood.
 */
export function readReplayArguments(
  args: readonly string[],
): (ReplayArguments & { readonly runId: string }) | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const [runId, ...others] = positionals
  if (runId === undefined || others.length > 0) throw new UsageError('Name one run')
  return { ...common(values), runId }
}

/**
 * Reads what stands behind `airlock backtest`.
 *
 * @param now - Milliseconds since 1970.
 * @throws {UsageError} It is not understood.
 */
export function readBacktestArguments(
  args: readonly string[],
  now: number,
): BacktestArguments | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length > 0) throw new UsageError('A backtest looks at all runs: leave out ids')
  if (values.policy === undefined) throw new UsageError('Name the --policy to test')
  const maxRuns = Number(values['max-runs'])
  if (!Number.isSafeInteger(maxRuns) || maxRuns < 1) throw new UsageError('--max-runs is a count')
  return {
    ...common(values),
    since: readSince(values.since, now),
    endpoint: values.endpoint ?? null,
    maxRuns,
  }
}

function common(values: ReturnType<typeof parse>['values']): ReplayArguments {
  const isolation = LEVELS.find((level) => level === values.isolation)
  if (isolation === undefined) throw new UsageError(`--isolation is one of ${LEVELS.join(', ')}`)
  if (values.store === undefined) throw new UsageError('Name the --store')
  return {
    store: values.store,
    policyModule: values.policy ?? null,
    toolsModule: values.tools ?? null,
    isolation,
    json: values.json,
  }
}

function readSince(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([dhm])$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined) {
    return now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  }
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(date)) throw new UsageError('--since is a time such as 30d, 12h or 2026-11-01')
  return date
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
