import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { JsonValue } from '../../harness/index.ts'
import { UsageError } from './check-arguments.ts'

/** The words for `airlock approvals --help`. */
export const APPROVALS_HELP = `airlock approvals: decides what waits for a person, at a running app

  airlock approvals list [--state <state>] [--json]
  airlock approvals show <id> [--json]
  airlock approvals approve <id> [--reason <text>] [--digest <hex>] [--arguments <file>]
  airlock approvals reject <id> [--reason <text>] [--digest <hex>]

  --url <url>              the app: https, or http on this machine. Default: AIRLOCK_URL
  --credential-file <file> holds your own credential. Default: the environment's AIRLOCK_CREDENTIAL
  --header <name>          the header it is sent in. Default X-API-Key; with Authorization, the file or
                           variable holds the scheme too, as in "Bearer …"
  --digest <hex>           what \`show\` printed, at least its first 12 digits: if the request is
                           about something else by now, nothing is decided
  --arguments <file>       JSON that the call is to be made with instead; - reads the standard input.
                           Somebody else has to approve it then
  --state <state>          pending, escalated, approved, rejected, expired or withdrawn. Default: what is open

A credential is never an argument: the list of processes would show it to everybody on the machine.
Exit codes: 0 done, 1 the app said no, 2 the command line, a file or the address is wrong.
`

/** What `airlock approvals` is asked to do. */
export interface ApprovalsArguments {
  readonly command: 'list' | 'show' | 'approve' | 'reject'
  /** Empty for `list`. */
  readonly id: string
  readonly url: URL
  readonly credential: string
  readonly header: string
  readonly isJson: boolean
  readonly state: string | null
  readonly reason: string | null
  readonly digest: string | null
  /** `undefined` when nothing is changed. */
  readonly editedArguments: JsonValue | undefined
}

const COMMANDS = ['list', 'show', 'approve', 'reject'] as const
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const MIN_DIGEST_LENGTH = 12

/**
 * Reads the arguments behind `airlock approvals`.
 *
 * @returns `'help'` when only the help is wanted.
 * @throws {UsageError} They are not understood, or a file cannot be read.
 */
export function readApprovalsArguments(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ApprovalsArguments | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const [name, id = '', ...rest] = positionals
  const command = COMMANDS.find((one) => one === name)
  if (command === undefined) throw new UsageError('Say list, show, approve or reject')
  if ((command === 'list') !== (id === '') || rest.length > 0) {
    throw new UsageError(
      command === 'list' ? 'list takes no id' : `${command} takes the id of one request`,
    )
  }
  const { digest, reason, state, header = 'X-API-Key' } = values
  if (digest !== undefined && !new RegExp(`^[0-9a-f]{${MIN_DIGEST_LENGTH},64}$`).test(digest)) {
    throw new UsageError(`--digest takes at least ${MIN_DIGEST_LENGTH} hexadecimal digits`)
  }
  if (values.arguments !== undefined && command !== 'approve') {
    throw new UsageError('--arguments goes with approve')
  }
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(header)) throw new UsageError('--header is not a header')
  return {
    command,
    id,
    url: readUrl(values.url ?? environment['AIRLOCK_URL']),
    credential: readCredential(values['credential-file'], environment['AIRLOCK_CREDENTIAL']),
    header,
    isJson: values.json,
    state: state ?? null,
    reason: reason ?? null,
    digest: digest ?? null,
    editedArguments: values.arguments === undefined ? undefined : readJson(values.arguments),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        url: { type: 'string' },
        'credential-file': { type: 'string' },
        header: { type: 'string' },
        state: { type: 'string' },
        reason: { type: 'string' },
        digest: { type: 'string' },
        arguments: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message : 'The arguments are not understood',
    )
  }
}

/**
 * Reads where an app is.
 *
 * @throws {UsageError} It is no address that a credential may be sent to.
 */
export function readUrl(text: string | undefined): URL {
  if (text === undefined) throw new UsageError('Where is the app? Give --url or set AIRLOCK_URL')
  const url = URL.parse(text)
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
  if (url === null || !isSafe || url.username !== '' || url.password !== '') {
    throw new UsageError(
      'The address must be https, or http on this machine, and hold no credential: yours is sent there',
    )
  }
  return url
}

/**
 * Reads a person's own credential, from a file or the environment: what stands on a command line is seen by
 * every user of the machine.
 *
 * @throws {UsageError} There is none, or no header takes it.
 */
export function readCredential(file: string | undefined, variable: string | undefined): string {
  const credential = (file === undefined ? (variable ?? '') : readFile(file)).trim()
  if (credential === '') {
    throw new UsageError(
      'Who are you? Put your own credential in AIRLOCK_CREDENTIAL or give --credential-file',
    )
  }
  // A header takes nothing else, and what `fetch` says of one it does not take would repeat it.
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(credential)) return credential
  throw new UsageError('The credential has characters that no header takes')
}

function readJson(file: string): JsonValue {
  try {
    return JSON.parse(readFile(file === '-' ? 0 : file))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError('What --arguments names is not JSON')
  }
}

function readFile(file: string | 0): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new UsageError(`The file ${file === 0 ? 'on the standard input' : file} cannot be read`)
  }
}
