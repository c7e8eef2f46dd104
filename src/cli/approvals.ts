import type { ApprovalRequest, JsonObject, JsonValue } from '../../harness/index.ts'
import {
  APPROVALS_HELP,
  type ApprovalsArguments,
  readApprovalsArguments,
} from './approvals-arguments.ts'
import { UsageError } from './check-arguments.ts'

const TIMEOUT_MS = 30_000

/**
 * Runs `airlock approvals …`: speaks HTTP with an app, with the approver's own credential.
 *
 * @returns The exit code: 0 done, 1 the app said no, 2 the command line or the address is wrong.
 */
export async function approvals(args: readonly string[]): Promise<number> {
  try {
    const read = readApprovalsArguments(args, process.env)
    if (read === 'help') console.log(APPROVALS_HELP)
    else await run(read)
    return 0
  } catch (error) {
    if (error instanceof Refusal) {
      console.error(plain(error.message))
      return 1
    }
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${APPROVALS_HELP}`)
    return 2
  }
}

/** The app said no, or could not be asked. */
class Refusal extends Error {}

async function run(read: ApprovalsArguments): Promise<void> {
  if (read.command === 'list') return list(read)
  const request = await getRequest(read)
  if (read.command === 'show') return print(read, request, describe(request))
  const { digest, reason, editedArguments } = read
  if (digest !== null && !request.digest.startsWith(digest)) {
    throw new Refusal('It is not what you were shown: look again with `show`')
  }
  const decided = (await ask(read, 'POST', `${pathOf(read)}/resolve`, {
    approve: read.command === 'approve',
    expectedDigest: request.digest,
    ...(reason === null ? {} : { reason }),
    ...(editedArguments === undefined ? {} : { editedArguments }),
  })) as unknown as ApprovalRequest
  print(read, decided, [outcome(decided)])
}

async function list(read: ApprovalsArguments): Promise<void> {
  const states = read.state === null ? ['pending', 'escalated'] : [read.state]
  const found: ApprovalRequest[] = []
  for (const state of states) {
    const answer = await ask(read, 'GET', `/approvals?state=${encodeURIComponent(state)}`)
    found.push(...((answer as JsonObject)['approvals'] as unknown as ApprovalRequest[]))
  }
  const lines = found.map(({ id, state, rule, subject, requester, expiresAt }) => {
    const what = subject.kind === 'call' ? `call of ${subject.tool}` : 'program'
    const who = requester?.userId ?? 'nobody'
    return `${id}  ${state}  ${rule}  ${what}  for ${who}  until ${timeOf(expiresAt)}`
  })
  print(read, found, lines.length === 0 ? ['Nothing waits for you'] : lines)
}

async function getRequest(read: ApprovalsArguments): Promise<ApprovalRequest> {
  return (await ask(read, 'GET', pathOf(read))) as unknown as ApprovalRequest
}

function pathOf({ id }: ApprovalsArguments): string {
  return `/approvals/${encodeURIComponent(id)}`
}

async function ask(
  { url, header, credential }: ApprovalsArguments,
  method: 'GET' | 'POST',
  path: string,
  body?: JsonObject,
): Promise<JsonValue> {
  const target = `${url.origin}${url.pathname.replace(/\/$/, '')}${path}`
  let response: Response
  try {
    response = await fetch(target, {
      method,
      // A credential follows nobody's redirection.
      redirect: 'error',
      headers: {
        [header]: credential,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch {
    throw new Refusal(`Nobody answers at ${url.origin}`)
  }
  const answer = (await response.json().catch(() => null)) as JsonValue
  if (response.ok && answer !== null) return answer
  const { code = '', detail = '' } = (answer ?? {}) as JsonObject
  throw new Refusal(`${response.status} ${String(code)}: ${String(detail)}`)
}

function describe(request: ApprovalRequest): readonly string[] {
  const { subject, requester, votes, edits, quorum, program, capabilities } = request
  const needed = quorum === 'all' ? 'one of each' : String(quorum)
  const standing = votes.filter(({ revision }) => revision === request.revision)
  return [
    `request    ${request.id}, ${request.state} until ${timeOf(request.expiresAt)}`,
    `rule       ${request.rule} at ${request.endpoint}`,
    `for        ${requester?.userId ?? 'nobody'}`,
    ...(request.intent === undefined ? [] : [`intent     ${JSON.stringify(request.intent)}`]),
    ...(subject.kind === 'call'
      ? [`call       ${subject.tool} with ${JSON.stringify(subject.argument)}`]
      : []),
    ...edits.map(
      ({ editorId, changes }) => `changed    by ${editorId}: ${JSON.stringify(changes)}`,
    ),
    ...capabilities.map((claim) => `can        ${claim}`),
    `votes      ${standing.length} of ${needed}${standing.map(({ approverId }) => `, ${approverId}`).join('')}`,
    `digest     ${request.digest}`,
    'program',
    ...program.source.split('\n').map((line) => `    ${line}`),
  ]
}

function outcome({ id, state, votes, quorum, revision }: ApprovalRequest): string {
  if (state !== 'pending' && state !== 'escalated') return `${id} is ${state}`
  const given = votes.filter((vote) => vote.revision === revision).length
  return `${id} is still ${state}: ${given} of ${quorum === 'all' ? 'all' : quorum} have approved it as it is now`
}

function print({ isJson }: ApprovalsArguments, value: unknown, lines: readonly string[]): void {
  if (isJson) console.log(JSON.stringify(value, null, 2))
  else for (const line of lines) console.log(plain(line))
}

/**
 * Programs and arguments are other people's text: what would move a cursor, change a colour or turn the
 * direction of writing is printed as what it is, so that a terminal shows what will be decided.
 */
function plain(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
