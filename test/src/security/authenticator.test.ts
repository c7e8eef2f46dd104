import { describe, expect, it } from 'vitest'
import { APIKeyHeader } from '../../../src/security/api-key-header.ts'
import type { ClaimedUser } from '../../../src/security/auth-user.ts'
import { Authenticator } from '../../../src/security/authenticator.ts'
import { HTTPBasic } from '../../../src/security/http-basic.ts'

const scheme = new APIKeyHeader({ name: 'X-API-Key' })
const challenge = scheme.challenge()
const withKey = (key: string, init: RequestInit = {}): Request => {
  return new Request('http://app.test/', { ...init, headers: { 'X-API-Key': key } })
}

describe('Authenticator', () => {
  it('gives the scheme’s credentials to the verifier and answers with a frozen user', async () => {
    const authenticator = new Authenticator({
      scheme: new HTTPBasic(),
      verify: ({ username, password }) => (password === 'secret' ? { userId: username } : null),
    })
    const headers = { Authorization: `Basic ${btoa('alice:secret')}` }
    const found = await authenticator.authenticate(new Request('http://app.test/', { headers }))
    const user = { userId: 'alice', roles: [], scopes: [], metadata: {} }
    expect(found).toEqual({ kind: 'user', user })
  })

  it('does not ask the verifier about a request without credentials', async () => {
    const authenticator = new Authenticator({ scheme, verify: () => ({ userId: 'anybody' }) })
    const found = await authenticator.authenticate(new Request('http://app.test/'))
    expect(found).toEqual({ kind: 'missing', challenge })
  })

  it('does not ask the verifier about credentials that cannot be read', async () => {
    const authenticator = new Authenticator({ scheme, verify: () => ({ userId: 'anybody' }) })
    const found = await authenticator.authenticate(withKey('a,b'))
    expect(found).toEqual({ kind: 'bad', challenge, reason: 'malformed' })
  })

  const refused: { readonly [name: string]: readonly [unknown, string] } = {
    null: [null, 'refused'],
    'undefined, a forgotten return': [undefined, 'refused'],
    'true instead of a user': [true, 'the verifier answered with an unusable (answer)'],
    'a user without an id': [{ roles: ['admin'] }, 'the verifier answered with an unusable userId'],
    'a misspelt tenant': [
      { userId: 'u1', tenant: 't1' },
      'the verifier answered with an unusable tenant',
    ],
  }

  for (const [name, [answer, reason]] of Object.entries(refused)) {
    it(`takes ${name} as bad credentials`, async () => {
      const verify = (): ClaimedUser | null => answer as ClaimedUser | null
      const found = await new Authenticator({ scheme, verify }).authenticate(withKey('k'))
      expect(found).toEqual({ kind: 'bad', challenge, reason })
    })
  }

  const cause = new Error('database is down')
  const outages = {
    throws: (): null => {
      throw cause
    },
    rejects: (): Promise<null> => Promise.reject(cause),
  }

  for (const [name, verify] of Object.entries(outages)) {
    it(`lets nobody pass while the verifier ${name}`, async () => {
      const found = await new Authenticator({ scheme, verify }).authenticate(withKey('k'))
      expect(found).toEqual({ kind: 'unavailable', cause })
    })
  }

  it('gives up on a verifier that does not answer, and tells it so', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const authenticator = new Authenticator({
      scheme,
      timeoutMs: 5,
      verify: (_credentials, { signal }) => {
        signal.addEventListener('abort', () => resolve('aborted'))
        return new Promise(() => {})
      },
    })
    expect(await authenticator.authenticate(withKey('k'))).toMatchObject({ kind: 'unavailable' })
    expect(await promise).toBe('aborted')
  })

  it('stops waiting when the caller leaves', async () => {
    const controller = new AbortController()
    const authenticator = new Authenticator({ scheme, verify: () => new Promise(() => {}) })
    const found = authenticator.authenticate(withKey('k', { signal: controller.signal }))
    controller.abort()
    expect(await found).toMatchObject({ kind: 'unavailable' })
  })

  const wrong = {
    'no verify': { scheme },
    'no scheme': { verify: () => null },
    'a time of zero': { scheme, verify: () => null, timeoutMs: 0 },
    'a time that no timer can hold': { scheme, verify: () => null, timeoutMs: 2 ** 31 },
  }

  for (const [name, options] of Object.entries(wrong)) {
    it(`refuses ${name} at construction`, () => {
      expect(
        () => new Authenticator(options as ConstructorParameters<typeof Authenticator>[0]),
      ).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
    })
  }
})
