import { describe, expect, it } from 'vitest'
import {
  AgenticError,
  ApprovalError,
  ConfigurationError,
  type Logger,
} from '../../harness/index.ts'
import { AuthorizationError, RateLimitError, RequestError } from '../../src/errors.ts'
import { KEY, plainPort } from './plain-port.ts'
import { expectProblem, JSON_HEADERS, post, send } from './send.ts'

const HEADERS = { headers: JSON_HEADERS }
const alice = { userId: 'alice', roles: [], scopes: [], metadata: {} }

const routes = {
  '/health': 'GET, HEAD',
  '/capabilities': 'GET, HEAD',
  '/approvals': 'GET, HEAD',
  '/approvals/ap-1': 'GET, HEAD',
  '/approvals/ap-1/resolve': 'POST',
  '/runs/run-1': 'GET, HEAD',
  '/audit': 'GET, HEAD',
  '/agent/shop': 'POST',
  '/agent/shop/execute': 'POST',
}

describe('routes', () => {
  for (const [path, allow] of Object.entries(routes)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (allow.includes(method)) continue
      it(`answer 405 to ${method} ${path}, with what is allowed`, async () => {
        const port = plainPort()
        const response = await send(port, path, { method, ...HEADERS })
        await expectProblem(response, 405, 'ERR_REQUEST_METHOD')
        expect(response.headers.get('allow')).toBe(allow)
        expect(port.calls).toEqual([])
      })
    }
  }

  for (const path of [
    '/',
    '/agent',
    '/agent/',
    '/agent/shop/',
    '/agent/shop/run',
    '/agent//execute',
    '/run',
    '/approvals/ap-1/',
    '/health/x',
    '/Agent/shop',
    '/.env',
    '/agent/shop%2Fexecute/x',
  ]) {
    it(`answer 404 to ${path}`, async () => {
      await expectProblem(await post(plainPort(), path, '{}'), 404, 'ERR_ENDPOINT_NOT_FOUND')
    })
  }

  for (const name of [
    'nothing',
    '__proto__',
    'constructor',
    'shop%00',
    'SHOP',
    '..%2Fshop',
    '%ff',
    'a'.repeat(2_000),
  ]) {
    it(`answer 404 to an endpoint named ${name.slice(0, 20)}`, async () => {
      const response = await post(plainPort(), `/agent/${name}`, '{"intent":"a"}')
      await expectProblem(response, 404, 'ERR_ENDPOINT_NOT_FOUND')
    })
  }

  it('do not tell a stranger which endpoints there are', async () => {
    const headers = { 'Content-Type': 'application/json' }
    for (const name of ['shop', 'nothing']) {
      const response = await post(plainPort(), `/agent/${name}`, '{"intent":"a"}', headers)
      await expectProblem(response, 401, 'ERR_AUTHENTICATION_REQUIRED')
    }
  })

  it('answer 404 to a stranger where the app itself has no authentication', async () => {
    const port = plainPort({ appGuard: { authenticator: null, isPublic: false } })
    const response = await post(port, '/agent/nothing', '{"intent":"a"}', {
      'Content-Type': 'application/json',
    })
    await expectProblem(response, 404, 'ERR_ENDPOINT_NOT_FOUND')
  })

  it('carry security headers on every answer, and none that let other origins in', async () => {
    for (const path of ['/health', '/nothing', '/runs/run-1', '/capabilities']) {
      const { headers } = await send(plainPort(), path, {
        headers: { Origin: 'https://evil.test', 'X-API-Key': KEY },
      })
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      })
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('answer HEAD like GET, without a body', async () => {
    const response = await send(plainPort(), '/health', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('say no more than that the app is there on /health', async () => {
    const response = await send(plainPort(), '/health')
    expect(await response.json()).toEqual({ status: 'ok' })
  })

  it('hand the disconnect of a caller on as an aborted signal, and call it no failure', async () => {
    const controller = new AbortController()
    const seen = Promise.withResolvers<AbortSignal>()
    const port = plainPort({
      runIntent: ({ signal = AbortSignal.abort() }) => {
        seen.resolve(signal)
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    })
    const { signal } = controller
    const lines: string[] = []
    const log = (): void => void lines.push('logged')
    const logger: Logger = { debug() {}, info: log, warn: log, error: log }
    const init = { method: 'POST', ...HEADERS, body: '{"intent":"a"}', signal, logger }
    const answer = send(port, '/agent/shop', init)
    const received = await seen.promise
    expect(received.aborted).toBe(false)
    controller.abort()
    expect(received.aborted).toBe(true)
    await answer
    expect(lines).toEqual([])
  })
})

describe('reading routes', () => {
  it('ask the app for the caller', async () => {
    const port = plainPort()
    for (const path of ['/capabilities', '/runs/run-1', '/approvals/ap-1']) {
      expect((await send(port, path, HEADERS)).status).toBe(200)
    }
    expect(port.calls).toEqual([
      { method: 'capabilities', args: [alice] },
      { method: 'getRun', args: [alice, 'run-1'] },
      { method: 'getApproval', args: [alice, 'ap-1'] },
    ])
  })

  it('hand filters on', async () => {
    const port = plainPort()
    const approvals = await send(port, '/approvals?state=pending&limit=5', HEADERS)
    const audit = await send(
      port,
      '/audit?runId=r&endpoint=e&userId=u&status=s&limit=1000',
      HEADERS,
    )
    expect(await approvals.json()).toMatchObject({ approvals: [{ id: 'ap-1' }] })
    expect(await audit.json()).toMatchObject({ traces: [{ runId: 'run-1' }] })
    expect(port.calls).toEqual([
      { method: 'listApprovals', args: [alice, { state: 'pending', limit: 5 }] },
      {
        method: 'listTraces',
        args: [alice, { runId: 'r', endpoint: 'e', userId: 'u', status: 's', limit: 1_000 }],
      },
    ])
  })

  const refused = [
    '/approvals?state=open',
    '/approvals?state=toString',
    '/approvals?state=',
    '/approvals?state=pending&state=approved',
    '/approvals?limit=0',
    '/approvals?limit=1001',
    '/approvals?limit=1e3',
    '/approvals?limit=-1',
    '/approvals?limit=',
    '/audit?limit=9999999999999999999',
    '/audit?runId=a&runId=b',
    `/audit?userId=${'u'.repeat(257)}`,
  ]
  for (const path of refused) {
    it(`refuse ${path.slice(0, 40)}`, async () => {
      await expectProblem(await send(plainPort(), path, HEADERS), 400, 'ERR_REQUEST_INVALID')
    })
  }
})

describe('POST /approvals/<id>/resolve', () => {
  const resolve = (port: ReturnType<typeof plainPort>, body: string): Promise<Response> => {
    return post(port, '/approvals/ap-1/resolve', body)
  }

  it('hands the decision on with the caller as approver', async () => {
    const port = plainPort()
    const response = await resolve(port, '{"approve":true,"reason":"checked"}')
    expect(await response.json()).toMatchObject({ id: 'ap-1', state: 'approved' })
    expect(port.calls).toEqual([
      { method: 'resolveApproval', args: [alice, 'ap-1', { approve: true, reason: 'checked' }] },
    ])
  })

  const refused = [
    '{}',
    '{"approve":"true"}',
    '{"approve":1}',
    '{"approve":null}',
    '{"approve":true,"approve":false}',
    '{"approve":true,"reason":7}',
    '{"approve":true,"approver":"root"}',
    '[true]',
  ]
  for (const body of refused) {
    it(`refuses ${body}`, async () => {
      const port = plainPort()
      await expectProblem(await resolve(port, body), 400, 'ERR_REQUEST_INVALID')
      expect(port.calls).toEqual([])
    })
  }

  it('refuses a reason that is too long', async () => {
    const body = JSON.stringify({ approve: true, reason: 'x'.repeat(4_097) })
    const port = plainPort({ maxBodyBytes: 10_000 })
    await expectProblem(await resolve(port, body), 413, 'ERR_REQUEST_TOO_LARGE')
  })

  it('answers 409 when somebody was faster', async () => {
    const error = new ApprovalError('ERR_APPROVAL_CONFLICT', 'The request is already decided')
    const port = plainPort({ resolveApproval: () => Promise.reject(error) })
    await expectProblem(await resolve(port, '{"approve":true}'), 409, 'ERR_APPROVAL_CONFLICT')
  })
})

describe('errors', () => {
  const throwing = (error: unknown, logger?: Logger): Promise<Response> => {
    const port = plainPort({ capabilities: () => Promise.reject(error) })
    return send(port, '/capabilities?api_key=in-query', {
      ...HEADERS,
      ...(logger ? { logger } : {}),
    })
  }

  it('of ours are told by code and message', async () => {
    const body = await expectProblem(
      await throwing(new AuthorizationError('Admin role required')),
      403,
      'ERR_AUTHORIZATION_DENIED',
    )
    expect(body['detail']).toBe('Admin role required')
  })

  it('say when to come back, as far as that is known', async () => {
    const limited = await throwing(
      new RateLimitError('Too many requests', { retryAfterSeconds: 7 }),
    )
    await expectProblem(limited, 429, 'ERR_RATE_LIMITED')
    expect(limited.headers.get('retry-after')).toBe('7')
    const unknown = await throwing(new RateLimitError('Too many requests'))
    expect(unknown.headers.get('retry-after')).toBeNull()
    const overloaded = await throwing(new RequestError('ERR_OVERLOADED', 'The app is closed'))
    await expectProblem(overloaded, 503, 'ERR_OVERLOADED')
    expect(overloaded.headers.get('retry-after')).toBe('1')
  })

  const foreign = {
    'an Error': new Error('password=hunter2 at /srv/app/secret.ts'),
    'a TypeError': new TypeError('hunter2 is not a function'),
    'a configuration error': new ConfigurationError('The store at /srv/hunter2 is not there'),
    'an internal error of ours': new AgenticError('ERR_INTERNAL', 'hunter2'),
    'an error with a code nobody knows': new AgenticError(
      'ERR_HUNTER2' as 'ERR_INTERNAL',
      'hunter2',
    ),
    'an error with a code of every object': new AgenticError(
      'toString' as 'ERR_INTERNAL',
      'hunter2',
    ),
    'an error that looks like ours': Object.assign(new Error('hunter2'), {
      code: 'ERR_RUN_NOT_FOUND',
    }),
    'an error with a status': Object.assign(new Error('hunter2'), { status: 200 }),
    'an error with a response': Object.assign(new Error('hunter2'), {
      getResponse: () => new Response('hunter2'),
    }),
  }

  for (const [name, error] of Object.entries(foreign)) {
    it(`tell nothing of ${name}, which is in the log`, async () => {
      const lines: { fields: object; message: string }[] = []
      const log = (fields: object, message: string): void => void lines.push({ fields, message })
      const logger: Logger = { debug: log, info: log, warn: log, error: log }
      const body = await expectProblem(await throwing(error, logger), 500, 'ERR_INTERNAL')
      expect(JSON.stringify(body)).not.toContain('hunter2')
      expect(lines).toEqual([
        {
          fields: { err: error, code: 'ERR_INTERNAL', method: 'GET', route: '/capabilities' },
          message: 'Request failed',
        },
      ])
    })
  }
})
