import { UsageError } from './check-arguments.ts'
import { RUNS_HELP, type RunsRequest, readRunsArguments } from './runs-arguments.ts'

const TIMEOUT_MS = 60_000

/**
 * Runs `airlock runs …`: one request to an app, with the caller's own credential.
 *
 * @returns The exit code: 0 done, 1 the app said no or cannot be reached, 2 the command line is wrong.
 */
export async function runs(args: readonly string[]): Promise<number> {
  try {
    const request = readRunsArguments(args, process.env)
    if (request === 'help') {
      console.log(RUNS_HELP)
      return 0
    }
    const response = await send(request)
    const answer = plain(JSON.stringify(await response.json(), null, 2))
    if (response.ok) console.log(answer)
    else console.error(answer)
    return response.ok ? 0 : 1
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${RUNS_HELP}`)
      return 2
    }
    if (!(error instanceof Error)) throw error
    console.error(`The app cannot be asked: ${error.message}`)
    return 1
  }
}

function send({ url, method, body, header, credential }: RunsRequest): Promise<Response> {
  return fetch(url, {
    method,
    // A credential follows nobody's redirection.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      [header]: credential,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** Arguments and messages are other people's text: what would move a cursor or turn the writing is escaped. */
function plain(text: string): string {
  return text.replace(
    /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
