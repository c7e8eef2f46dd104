import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'
import { AgenticError, type JsonObject, type Logger, silentLogger } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import type { IdempotentRequest } from '../request-key.ts'
import type { AuthUser } from '../security/auth-user.ts'
import { outcomeResponse } from './agent-response.ts'
import type { AppPort } from './app-port.ts'
import { approvalRoutes } from './approval-routes.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import { identifyCaller } from './identify-caller.ts'
import { readExecuteBody, readIntentBody } from './intent-body.ts'
import { PROBLEMS, problemOf, problemResponse } from './problem.ts'
import { readTraceQuery } from './query.ts'
import { checkBodyHeaders, readJsonObject } from './request-body.ts'
import { runRoutes } from './run-routes.ts'
import { setSecurityHeaders } from './security-headers.ts'

type Handler = (request: Request, param: (name: string) => string) => Promise<Response>

/**
 * Creates the routes over an app. They read bytes, find out who is calling, and write answers down;
 * who may do what is decided behind the port. Every answer is JSON or a problem, with headers that
 * keep it out of caches and browsers.
 *
 * @param logger - Told about refused credentials and about failures of ours. Default says nothing.
 */
export function createHttpApp(port: AppPort, logger: Logger = silentLogger): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    setSecurityHeaders(context.res.headers)
  })
  app.onError((error, context) => answerError(error, context, logger))
  app.notFound(() => {
    return problemResponse({ code: 'ERR_ENDPOINT_NOT_FOUND', detail: 'There is nothing here' })
  })

  const caller = (request: Request): Promise<AuthUser | null> => {
    return identifyCaller(request, port.appGuard, logger)
  }
  const endpointCaller = async (request: Request, endpoint: string): Promise<AuthUser | null> => {
    const guard = port.guardOf(endpoint)
    if (guard !== null) return identifyCaller(request, guard, logger)
    // Strangers are not told which endpoints there are.
    if (port.appGuard.authenticator !== null) await caller(request)
    throw new RequestError('ERR_ENDPOINT_NOT_FOUND', 'There is no such endpoint')
  }

  const routes: readonly Route[] = [
    ...agentRoutes(port, endpointCaller),
    ...approvalRoutes(port, caller, port.streams),
    ...runRoutes(port, caller),
    ...readingRoutes(port, caller),
  ]
  for (const [path, there] of Map.groupBy(routes, ([, path]) => path)) {
    for (const [method, , handler] of there) {
      app.on(method, path, (context) => {
        return handler(context.req.raw, (name) => context.req.param(name) ?? '')
      })
    }
    const allow = there.flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    app.all(path, () => {
      throw new RequestError('ERR_REQUEST_METHOD', `Use ${allow.join(' or ')} here`, { allow })
    })
  }
  return app
}

type Route = readonly [method: 'GET' | 'POST' | 'DELETE', path: string, handler: Handler]

// In each of the three that take a body: headers first, then who is calling, then the body itself, so
// that a stranger cannot make the server hold a body.
function agentRoutes(
  port: AppPort,
  caller: (request: Request, endpoint: string) => Promise<AuthUser | null>,
): Route[] {
  const { maxBodyBytes, maxIntentLength } = port
  return [
    [
      'POST',
      '/agent/:name',
      async (request, param) => {
        const endpoint = param('name')
        checkBodyHeaders(request, maxBodyBytes)
        const user = await caller(request, endpoint)
        const key = readIdempotencyKey(request.headers)
        const sent = await readJsonObject(request, maxBodyBytes)
        const body = readIntentBody(sent, maxIntentLength)
        const scope = scopeOf(request, key, sent)
        return outcomeResponse(await port.runIntent({ endpoint, user, ...body, ...scope }))
      },
    ],
    [
      'POST',
      '/agent/:name/execute',
      async (request, param) => {
        const endpoint = param('name')
        checkBodyHeaders(request, maxBodyBytes)
        const user = await caller(request, endpoint)
        const key = readIdempotencyKey(request.headers)
        const sent = await readJsonObject(request, maxBodyBytes)
        const scope = scopeOf(request, key, sent)
        const body = readExecuteBody(sent)
        return outcomeResponse(await port.execute({ endpoint, user, ...body, ...scope }))
      },
    ],
  ]
}

/**
 * A run ends with its connection, unless its caller can ask for it again: then a connection that was lost
 * must not cost them the result.
 */
function scopeOf(
  { signal }: Request,
  key: string | null,
  body: JsonObject,
): { readonly signal: AbortSignal } | { readonly idempotent: IdempotentRequest } {
  return key === null ? { signal } : { idempotent: { key, body } }
}

function readingRoutes(
  port: AppPort,
  caller: (request: Request) => Promise<AuthUser | null>,
): Route[] {
  return [
    ['GET', '/health', async () => Response.json({ status: 'ok' })],
    [
      'GET',
      '/capabilities',
      async (request) => Response.json(await port.capabilities(await caller(request))),
    ],
    [
      'GET',
      '/audit',
      async (request) => {
        const user = await caller(request)
        const search = readTraceQuery(new URL(request.url).searchParams)
        return Response.json(await port.listTraces(user, search))
      },
    ],
  ]
}

function answerError(error: Error, context: Context, logger: Logger): Response {
  const problem = problemOf(error)
  if (PROBLEMS[problem.code].status >= 500) {
    const err = error instanceof AgenticError && error.cause !== undefined ? error.cause : error
    // The pattern, not the URL: a query can hold a key, and a path a name somebody made up.
    const fields = {
      err,
      code: problem.code,
      method: context.req.method,
      route: routePath(context),
    }
    // Whatever broke because the caller left is nobody's failure, and nobody reads the answer.
    if (context.req.raw.signal.aborted) logger.debug(fields, 'Caller left')
    else logger.error(fields, 'Request failed')
  }
  return problemResponse(problem)
}
