import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** One request as a provider got it. */
export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
}

/** What the server does with one request: a status with a body, or something ruder. */
export type ServerStep =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | 'hang'
  | 'hang up'

/** A server on 127.0.0.1 that plays a model provider: each request takes the next step. */
export interface ProviderServer extends AsyncDisposable {
  readonly url: string
  readonly requests: ReceivedRequest[]
  /** Resolves when a client has gone away without an answer. */
  readonly abandoned: Promise<void>
}

export async function startProvider(steps: readonly ServerStep[]): Promise<ProviderServer> {
  const requests: ReceivedRequest[] = []
  const abandoned = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) abandoned.resolve()
    })
    void readRequest(request).then((received) => {
      requests.push(received)
      play(steps[requests.length - 1], response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    abandoned: abandoned.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  return { path: request.url ?? '', headers: request.headers, body }
}

function play(step: ServerStep | undefined, response: ServerResponse): void {
  if (step === 'hang') return
  if (step === 'hang up') {
    response.destroy()
    return
  }
  const { status, body, headers = {} } = step ?? { status: 500, body: 'No step left' }
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** An answer of the OpenAI chat-completions protocol. */
export function chatCompletion(
  message: { readonly content: string | null; readonly refusal?: string },
  finishReason = 'stop',
): ServerStep {
  return {
    status: 200,
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'test-model',
      choices: [
        { index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason },
      ],
      usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
    },
  }
}

/** An answer of the Anthropic messages protocol. */
export function anthropicMessage(text: string, stopReason = 'end_turn'): ServerStep {
  return {
    status: 200,
    body: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-test',
      content: [{ type: 'text', text }],
      stop_reason: stopReason,
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 5 },
    },
  }
}

/** An error as providers word it, with things in it that must not get out. */
export function providerError(status: number, headers: Record<string, string> = {}): ServerStep {
  const message = 'Incorrect key sk-secret-123 at machine-7'
  return { status, headers, body: { error: { message, type: 'x', code: 'x', param: null } } }
}
