import { parseArgs } from 'node:util'
import type { JsonValue } from '../../harness/index.ts'
import { readCredential, readUrl } from './approvals-arguments.ts'
import { UsageError } from './check-arguments.ts'

/** One request to a server, as a command line asks for it. */
export interface RunsRequest {
  readonly url: URL
  readonly header: string
  readonly credential: string
  readonly method: 'GET' | 'POST'
  readonly body?: JsonValue
}

/** The words for `airlock runs --help`. */
export const RUNS_HELP: string = `airlock runs: looks at runs of a server, says what became of their calls, undoes them

  airlock runs list --url <url> [--status <status>]
  airlock runs show <runId> --url <url>
  airlock runs resolve <runId> --url <url> --outcome happened --seq <n> [--answer <json>] [--reason <text>]
  airlock runs resolve <runId> --url <url> --outcome repeat --seq <n> [--reason <text>]
  airlock runs resolve <runId> --url <url> --outcome end [--reason <text>]
  airlock runs rollback <runId> --url <url> [--plan | --partial]

      --url <url>                where the app is: https, or http on this machine. Default: AIRLOCK_URL
      --credential-file <file>   your own credential. Default: AIRLOCK_CREDENTIAL
      --header <name>            the header it is sent in. Default X-API-Key

Whoever asked for a run cannot say what became of its calls. The answer is JSON. Exit codes: 0 done, 1 the app said no,
2 the command line, a file or the address is wrong.
`

/**
 * Reads what stands behind `airlock runs`.
 *
 * @throws {UsageError} It is not understood.
 */
export function readRunsArguments(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): RunsRequest | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const [command, runId, ...others] = positionals
  if (others.length > 0) throw new UsageError('Name one run')
  const base = readUrl(values.url ?? environment['AIRLOCK_URL'])
  const at = (path: string) => new URL(`${base.pathname.replace(/\/*$/, '/')}${path}`, base)
  const { header } = values
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(header)) throw new UsageError('--header is not a header')
  const credential = readCredential(values['credential-file'], environment['AIRLOCK_CREDENTIAL'])
  const own = { header, credential }
  if (command === 'list' && runId === undefined) {
    const url = at('runs')
    if (values.status !== undefined) url.searchParams.set('status', values.status)
    return { url, method: 'GET', ...own }
  }
  if (runId === undefined) throw new UsageError('Name a command and a run')
  const path = `runs/${encodeURIComponent(runId)}`
  switch (command) {
    case 'show':
      return { url: at(path), method: 'GET', ...own }
    case 'resolve':
      return { url: at(`${path}/resolve`), method: 'POST', body: resolution(values), ...own }
    case 'rollback': {
      const url = at(`${path}/rollback`)
      if (values.plan) return { url, method: 'GET', ...own }
      return { url, method: 'POST', body: { partial: values.partial }, ...own }
    }
    default:
      throw new UsageError('There is no such command')
  }
}

function resolution(values: ReturnType<typeof parse>['values']): JsonValue {
  const { outcome, seq, answer, reason } = values
  if (outcome === undefined) throw new UsageError('Name the --outcome: happened, repeat or end')
  if (seq !== undefined && !/^\d{1,9}$/.test(seq)) throw new UsageError('--seq is a place')
  return {
    outcome,
    ...(seq === undefined ? {} : { seq: Number(seq) }),
    ...(answer === undefined ? {} : { answer: readJson(answer) }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function readJson(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError('--answer is JSON, for example \'{"id":"r-1"}\'')
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        url: { type: 'string' },
        'credential-file': { type: 'string' },
        header: { type: 'string', default: 'X-API-Key' },
        status: { type: 'string' },
        outcome: { type: 'string' },
        seq: { type: 'string' },
        answer: { type: 'string' },
        reason: { type: 'string' },
        plan: { type: 'boolean', default: false },
        partial: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
