import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Logger } from '../../harness/index.ts'
import { APIKeyHeader } from '../../src/security/api-key-header.ts'
import { APIKeyQuery } from '../../src/security/api-key-query.ts'
import type { ClaimedUser } from '../../src/security/auth-user.ts'
import { Authenticator } from '../../src/security/authenticator.ts'
import { HTTPBasic } from '../../src/security/http-basic.ts'
import { HTTPBearer } from '../../src/security/http-bearer.ts'
import { KEY, plainPort } from './plain-port.ts'
import { expectProblem, post, send } from './send.ts'

const INTENT = '{"intent":"a"}'
const JSON_TYPE = { 'Content-Type': 'application/json' }
const verify = ({ credentials }: { readonly credentials: string }): ClaimedUser | null => {
  return credentials === 'right' ? { userId: 'u1' } : null
}

const schemes: {
  readonly [name: string]: {
    readonly authenticator: Authenticator
    readonly good: {
      readonly query?: string
      readonly headers?: { readonly [name: string]: string }
    }
    readonly bad: {
      readonly query?: string
      readonly headers?: { readonly [name: string]: string }
    }
    readonly challenges: readonly [missing: string, bad: string]
  }
} = {
  APIKeyHeader: {
    authenticator: new Authenticator({ scheme: new APIKeyHeader({ name: 'X-Key' }), verify }),
    good: { headers: { 'X-Key': 'right' } },
    bad: { headers: { 'X-Key': 'wrong' } },
    challenges: ['ApiKey in="header", name="X-Key"', 'ApiKey in="header", name="X-Key"'],
  },
  APIKeyQuery: {
    authenticator: new Authenticator({ scheme: new APIKeyQuery({ name: 'key' }), verify }),
    good: { query: '?key=right' },
    bad: { query: '?key=wrong' },
    challenges: ['ApiKey in="query", name="key"', 'ApiKey in="query", name="key"'],
  },
  HTTPBearer: {
    authenticator: new Authenticator({ scheme: new HTTPBearer(), verify }),
    good: { headers: { Authorization: 'Bearer right' } },
    bad: { headers: { Authorization: 'Bearer wrong' } },
    challenges: ['Bearer', 'Bearer error="invalid_token"'],
  },
  HTTPBasic: {
    authenticator: new Authenticator({
      scheme: new HTTPBasic({ realm: 'Shop' }),
      verify: ({ username, password }) => (password === 'right' ? { userId: username } : null),
    }),
    good: { headers: { Authorization: `Basic ${btoa('u1:right')}` } },
    bad: { headers: { Authorization: `Basic ${btoa('u1:wrong')}` } },
    challenges: ['Basic realm="Shop", charset="UTF-8"', 'Basic realm="Shop", charset="UTF-8"'],
  },
}

for (const [name, { authenticator, good, bad, challenges }] of Object.entries(schemes)) {
  for (const isPublic of [false, true]) {
    const guard = { authenticator, isPublic }
    const portOf = () => plainPort({ appGuard: guard, guardOf: () => guard })

    describe(`${name} on ${isPublic ? 'a public' : 'a guarded'} route`, () => {
      it('lets the right credential pass as its user', async () => {
        const port = portOf()
        const path = `/agent/shop${good.query ?? ''}`
        expect((await post(port, path, INTENT, { ...JSON_TYPE, ...good.headers })).status).toBe(200)
        expect(port.calls).toMatchObject([{ args: [{ user: { userId: 'u1' } }] }])
      })

      it('refuses a wrong credential', async () => {
        const port = portOf()
        const path = `/agent/shop${bad.query ?? ''}`
        const response = await post(port, path, INTENT, { ...JSON_TYPE, ...bad.headers })
        const body = await expectProblem(response, 401, 'ERR_AUTHENTICATION_FAILED')
        expect(response.headers.get('www-authenticate')).toBe(challenges[1])
        expect(JSON.stringify(body)).not.toContain('wrong')
        expect(port.calls).toEqual([])
      })

      it(isPublic ? 'lets nobody pass as nobody' : 'asks nobody for a credential', async () => {
        const port = portOf()
        const response = await post(port, '/agent/shop', INTENT, JSON_TYPE)
        if (isPublic) {
          expect(response.status).toBe(200)
          expect(port.calls).toMatchObject([{ args: [{ user: null }] }])
        } else {
          await expectProblem(response, 401, 'ERR_AUTHENTICATION_REQUIRED')
          expect(response.headers.get('www-authenticate')).toBe(challenges[0])
          expect(port.calls).toEqual([])
        }
      })
    })
  }
}

describe('every route but /health', () => {
  const routes = [
    ['GET', '/capabilities'],
    ['GET', '/approvals'],
    ['GET', '/approvals/ap-1'],
    ['POST', '/approvals/ap-1/resolve'],
    ['GET', '/runs/run-1'],
    ['GET', '/audit'],
    ['POST', '/agent/shop'],
    ['POST', '/agent/shop/execute'],
  ] as const
  const headers = {
    missing: {},
    bad: { 'X-API-Key': 'wrong' },
    twice: { 'X-API-Key': `${KEY}, ${KEY}` },
  }

  for (const [method, path] of routes) {
    for (const [name, presented] of Object.entries(headers)) {
      it(`refuses ${method} ${path} with ${name} credentials`, async () => {
        const port = plainPort()
        const body = method === 'POST' ? { body: INTENT } : {}
        const init = { method, headers: { ...JSON_TYPE, ...presented }, ...body }
        const code =
          name === 'missing' ? 'ERR_AUTHENTICATION_REQUIRED' : 'ERR_AUTHENTICATION_FAILED'
        await expectProblem(await send(port, path, init), 401, code)
        expect(port.calls).toEqual([])
      })
    }
  }

  it('is closed where nobody said public and there is no authenticator', async () => {
    const port = plainPort({ appGuard: { authenticator: null, isPublic: false } })
    for (const path of ['/capabilities', '/runs/run-1', '/audit', '/approvals']) {
      const response = await send(port, path, { headers: { 'X-API-Key': KEY } })
      await expectProblem(response, 403, 'ERR_AUTHORIZATION_DENIED')
    }
    const response = await post(port, '/agent/broken', INTENT, JSON_TYPE)
    await expectProblem(response, 403, 'ERR_AUTHORIZATION_DENIED')
    expect(port.calls).toEqual([])
  })

  it('runs for nobody where the endpoint is public and has no authenticator', async () => {
    const port = plainPort()
    const headers = { ...JSON_TYPE, 'X-API-Key': 'whatever' }
    expect((await post(port, '/agent/open', INTENT, headers)).status).toBe(200)
    expect(port.calls).toMatchObject([{ args: [{ user: null }] }])
  })
})

describe('a verifier', () => {
  const portWith = (answer: () => unknown, isPublic = false) => {
    const scheme = new APIKeyHeader({ name: 'X-API-Key' })
    const authenticator = new Authenticator({ scheme, verify: () => answer() as ClaimedUser })
    return plainPort({ guardOf: () => ({ authenticator, isPublic }) })
  }
  const headers = { ...JSON_TYPE, 'X-API-Key': 'k' }

  for (const isPublic of [false, true]) {
    it(`that fails lets nobody pass, on a ${isPublic ? 'public' : 'guarded'} route`, async () => {
      const lines: object[] = []
      const log = (fields: object): void => void lines.push(fields)
      const logger: Logger = { debug: log, info: log, warn: log, error: log }
      const cause = new Error('database hunter2 is down')
      const port = portWith(() => {
        throw cause
      }, isPublic)
      const response = await send(port, '/agent/shop', {
        method: 'POST',
        headers,
        body: INTENT,
        logger,
      })
      const body = await expectProblem(response, 503, 'ERR_AUTHENTICATION_UNAVAILABLE')
      expect(JSON.stringify(body)).not.toContain('hunter2')
      expect(response.headers.get('www-authenticate')).toBeNull()
      expect(lines).toEqual([
        {
          err: cause,
          code: 'ERR_AUTHENTICATION_UNAVAILABLE',
          method: 'POST',
          route: '/agent/:name',
        },
      ])
      expect(port.calls).toEqual([])
    })
  }

  it('that answers something else than a user refuses, and the log says what is wrong', async () => {
    const lines: object[] = []
    const log = (fields: object): void => void lines.push(fields)
    const logger: Logger = { debug: log, info: log, warn: log, error: log }
    const port = portWith(() => ({ userId: 'u1', roles: 'admin' }))
    const response = await send(port, '/agent/shop', {
      method: 'POST',
      headers,
      body: INTENT,
      logger,
    })
    await expectProblem(response, 401, 'ERR_AUTHENTICATION_FAILED')
    expect(lines).toEqual([{ reason: 'the verifier answered with an unusable roles' }])
  })
})

describe('hostile headers', () => {
  const value = fc.uint8Array({ maxLength: 300 }).map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[\0\r\n]/g, ''),
  )
  const almost = fc
    .tuple(fc.constantFrom('Bearer ', 'Basic ', 'bearer\t', 'Basic', ''), value)
    .map((parts) => parts.join(''))
  const encoded = fc
    .uint8Array({ maxLength: 60 })
    .map((bytes) => `Basic ${Buffer.from(bytes).toString('base64')}`)

  it('never make a server error, and never somebody', async () => {
    const ports = Object.values(schemes).map(({ authenticator }) => {
      return plainPort({ guardOf: () => ({ authenticator, isPublic: false }) })
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(value, almost, encoded), async (header) => {
        for (const port of ports) {
          const headers = new Headers({ Authorization: header, 'X-Key': header, ...JSON_TYPE })
          const path = `/agent/shop?key=${encodeURIComponent(header)}`
          const response = await send(port, path, { method: 'POST', headers, body: INTENT })
          expect(response.status).toBe(401)
          expect(port.calls).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('never make a server error as content type, encoding or length either', async () => {
    await fc.assert(
      fc.asyncProperty(value, value, value, async (type, encoding, length) => {
        const headers = new Headers({
          'X-API-Key': KEY,
          'Content-Type': type,
          'Content-Encoding': encoding,
          'Content-Length': length,
        })
        const init = { method: 'POST', headers, body: INTENT }
        const { status } = await send(plainPort(), '/agent/shop', init)
        expect([200, 413, 415]).toContain(status)
      }),
      { numRuns: 300 },
    )
  })

  it('never make a server error as a body', async () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => `{"intent":"a","params":${text}}`),
    )
    await fc.assert(
      fc.asyncProperty(json, async (body) => {
        const headers = { ...JSON_TYPE, 'X-API-Key': KEY }
        const { status } = await post(plainPort(), '/agent/shop', body, headers)
        expect([200, 400, 413]).toContain(status)
        expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})
