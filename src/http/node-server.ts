import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { problemOf, problemResponse } from './problem.ts'
import { setSecurityHeaders } from './security-headers.ts'

/** Where to listen, and how long to be patient. */
export interface ServeOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Default `127.0.0.1`. */
  readonly hostname?: string
  /** How long a client may take to send its headers, in milliseconds. Default 10 000. */
  readonly headersTimeoutMs?: number
  /** How long a client may take to send its whole request, in milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number
  /** How long `close()` waits for requests in flight, in milliseconds. Default 10 000. */
  readonly drainMs?: number
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Accepts nothing new, waits for what is in flight, then cuts what is left. Can be called twice. */
  close(): Promise<void>
}

/**
 * Serves a fetch handler over HTTP. Slow clients are cut off: Node would hold them for five minutes
 * and look only every thirty seconds.
 *
 * @throws The error of the operating system; `code` is `'EADDRINUSE'` when the port is taken.
 *
 * @example
 * ```ts
 * const server = await serve(app.fetch, { port: 8787 })
 * await server.close()
 * ```
 */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ServeOptions,
): Promise<RunningServer> {
  const { port, hostname = '127.0.0.1', drainMs = 10_000 } = options
  const requestTimeout = options.requestTimeoutMs ?? 30_000
  const server = createServer(
    {
      headersTimeout: Math.min(options.headersTimeoutMs ?? 10_000, requestTimeout),
      requestTimeout,
      connectionsCheckingInterval: 1_000,
    },
    getRequestListener((request) => fetch(request), {
      overrideGlobalObjects: false,
      errorHandler: answerUnreadable,
    }),
  )
  await listen(server, port, hostname)
  const address = server.address() as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  let closing: Promise<void> | null = null
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    close: () => {
      closing ??= close(server, drainMs)
      return closing
    },
  }
}

/** Answers a request that never became one: a host or a target that no URL can be made of. */
function answerUnreadable(error: unknown): Response {
  const isRequest = error instanceof Error && error.name === 'RequestError'
  const response = problemResponse(
    isRequest
      ? { code: 'ERR_REQUEST_INVALID', detail: 'The request line or the Host header is not valid' }
      : problemOf(error),
  )
  setSecurityHeaders(response.headers)
  return response
}

function listen(server: Server, port: number, hostname: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, hostname, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

async function close(server: Server, drainMs: number): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  // Node closes idle connections once, when closing begins; one that is kept alive turns idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 25)
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
  server.close(() => resolve())
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
