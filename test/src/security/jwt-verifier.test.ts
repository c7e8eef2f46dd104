import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { JSONWebKeySet } from 'jose'
import { describe, expect, it } from 'vitest'
import { type JwtVerifierOptions, jwtVerifier } from '../../../src/security/jwt-verifier.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const secret = Buffer.alloc(32, 7)
const now = Math.floor(Date.now() / 1_000)

const part = (value: unknown): string => Buffer.from(text(value)).toString('base64url')
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const claims = (changes: object = {}): object => {
  return { iss: 'https://id.test', aud: 'shop', sub: 'u1', exp: now + 600, ...changes }
}

function rs256(
  payload: unknown,
  header: unknown = { alg: 'RS256' },
  key: KeyObject = rsa.privateKey,
): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function hs256(payload: unknown, key: Buffer | string, header: unknown = { alg: 'HS256' }): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

const base = { algorithms: ['RS256'], issuer: 'https://id.test', audience: 'shop' } as const
const jwks: JSONWebKeySet = {
  keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }],
}
const withKey = jwtVerifier({ ...base, key: rsa.publicKey })
const withSet = jwtVerifier({ ...base, jwks })
const withSecret = jwtVerifier({ ...base, algorithms: ['HS256'], key: secret })
const context = { signal: new AbortController().signal }
const ask = (verify: ReturnType<typeof jwtVerifier>, token: string) => {
  return verify({ scheme: 'bearer', credentials: token }, context)
}

const good = rs256(claims())
const [goodHeader = '', goodClaims = '', goodSignature = ''] = good.split('.')
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
const der = rsa.publicKey.export({ type: 'spki', format: 'der' })
const foreignJwk = foreign.publicKey.export({ format: 'jwk' })

const accepted = {
  'a plain token': good,
  'typ JWT': rs256(claims(), { alg: 'RS256', typ: 'JWT' }),
  'typ at+jwt': rs256(claims(), { alg: 'RS256', typ: 'application/at+jwt' }),
  'one audience of several': rs256(claims({ aud: ['other', 'shop'] })),
  'an expiry within the tolerance': rs256(claims({ exp: now - 10 })),
  'nbf within the tolerance': rs256(claims({ nbf: now + 10 })),
  'a kid the key set knows': rs256(claims(), { alg: 'RS256', kid: 'k1' }),
}

const refused = {
  'alg none without signature': `${part({ alg: 'none' })}.${part(claims())}.`,
  'alg none with a signature': `${part({ alg: 'none' })}.${goodClaims}.${goodSignature}`,
  'alg None': `${part({ alg: 'None' })}.${part(claims())}.`,
  'alg NONE': `${part({ alg: 'NONE' })}.${part(claims())}.${goodSignature}`,
  'an empty alg': rs256(claims(), { alg: '' }),
  'no alg': rs256(claims(), { typ: 'JWT' }),
  'alg in lower case': rs256(claims(), { alg: 'rs256' }),
  'alg as a list': rs256(claims(), { alg: ['RS256'] }),
  'HS256 keyed with the public key in PEM': hs256(claims(), pem),
  'HS256 keyed with the public key in DER': hs256(claims(), der),
  'HS256 keyed with the modulus': hs256(claims(), Buffer.from(text(jwks.keys[0]?.n), 'base64url')),
  'HS256 keyed with nothing': hs256(claims(), ''),
  'an algorithm that is not listed': rs256(claims(), { alg: 'RS512' }),
  'PS256 in the header over an RS256 signature': rs256(claims(), { alg: 'PS256' }),
  'somebody else’s key': rs256(claims(), { alg: 'RS256' }, foreign.privateKey),
  'a key brought along in jwk': rs256(
    claims(),
    { alg: 'RS256', jwk: foreignJwk },
    foreign.privateKey,
  ),
  'a key set brought along in jku': rs256(claims(), {
    alg: 'RS256',
    jku: 'http://127.0.0.1:1/jwks',
  }),
  'a certificate brought along in x5u': rs256(claims(), {
    alg: 'RS256',
    x5u: 'http://127.0.0.1:1/',
  }),
  'a certificate brought along in x5c': rs256(claims(), { alg: 'RS256', x5c: ['MIIB'] }),
  'a critical extension': rs256(claims(), { alg: 'RS256', crit: ['exp'], exp: now }),
  'an unencoded payload': rs256(claims(), { alg: 'RS256', b64: false, crit: ['b64'] }),
  'a nested token': rs256(good, { alg: 'RS256', cty: 'JWT' }),
  'a token of another kind': rs256(claims(), { alg: 'RS256', typ: 'logout+jwt' }),
  'typ that is no text': rs256(claims(), { alg: 'RS256', typ: 7 }),
  'an expired token': rs256(claims({ exp: now - 31 })),
  'a token without exp': rs256(claims({ exp: undefined })),
  'exp as text': rs256(claims({ exp: String(now + 600) })),
  'nbf in the future': rs256(claims({ nbf: now + 120 })),
  'iat in the future': rs256(claims({ iat: now + 120 })),
  'iat as text': rs256(claims({ iat: 'now' })),
  'another audience': rs256(claims({ aud: 'other' })),
  'no audience': rs256(claims({ aud: undefined })),
  'an empty list of audiences': rs256(claims({ aud: [] })),
  'an audience that only begins the same': rs256(claims({ aud: 'shop2' })),
  'another issuer': rs256(claims({ iss: 'https://evil.test' })),
  'an issuer with a slash more': rs256(claims({ iss: 'https://id.test/' })),
  'no issuer': rs256(claims({ iss: undefined })),
  'no subject': rs256(claims({ sub: undefined })),
  'a subject that is a number': rs256(claims({ sub: 1 })),
  'claims that are a list': rs256([claims()]),
  'claims that are not JSON': rs256('hello'),
  'a claim twice': rs256(`{"sub":"admin",${text(claims()).slice(1)}`),
  'a claim twice, once escaped': rs256(`{"\\u0073ub":"admin",${text(claims()).slice(1)}`),
  'a header member twice': rs256(claims(), '{"alg":"none","alg":"RS256"}'),
  'claims that nest 1 000 deep': rs256(
    `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)},${text(claims()).slice(1)}`,
  ),
  'other claims under the signature': `${goodHeader}.${part(claims({ sub: 'admin' }))}.${goodSignature}`,
  'another header over the signature': `${part({ alg: 'RS256', kid: 'x' })}.${goodClaims}.${goodSignature}`,
  'an empty signature': `${goodHeader}.${goodClaims}.`,
  'a signature cut short': good.slice(0, -8),
  'a signature with a byte more': `${good}AAAA`,
  'two parts': `${goodHeader}.${goodClaims}`,
  'four parts': `${good}.x`,
  'five parts, as encrypted tokens have': `${good}.x.y`,
  nothing: '',
  dots: '..',
  'white space in a part': `${goodHeader}.${goodClaims.slice(0, 9)}\n${goodClaims.slice(9)}.${goodSignature}`,
  'a space at the end': `${good} `,
  padding: `${good}==`,
  'the standard base64 alphabet': `${goodHeader}.${goodClaims}.${goodSignature.replaceAll('-', '+').replaceAll('_', '/')}+`,
  'base64 whose last bits are not zero': withLooseBits(good),
  'more than 8 KiB': rs256(claims({ pad: 'x'.repeat(8_192) })),
  'a JSON serialization': text({
    protected: goodHeader,
    payload: goodClaims,
    signature: goodSignature,
  }),
}

/** The same bytes in another spelling: 256 bytes leave four bits in the last character unused. */
function withLooseBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1) ?? 'A')
  const other = `${token.slice(0, -1)}${alphabet[last + 1]}`
  expect(Buffer.from(other.split('.')[2] ?? '', 'base64url')).toEqual(
    Buffer.from(token.split('.')[2] ?? '', 'base64url'),
  )
  return other
}

describe('jwtVerifier', () => {
  for (const [name, token] of Object.entries(accepted)) {
    it(`accepts ${name}, with a key and with a key set`, async () => {
      expect(await ask(withKey, token)).toMatchObject({ userId: 'u1' })
      expect(await ask(withSet, token)).toMatchObject({ userId: 'u1' })
    })
  }

  for (const [name, token] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      expect(await ask(withKey, token)).toBeNull()
      expect(await ask(withSet, token)).toBeNull()
    })
  }

  const kids = {
    'a path': '../../../dev/null',
    SQL: "x' UNION SELECT 'k",
    'a URL': 'http://127.0.0.1:1/key',
    'a name of Object.prototype': 'constructor',
    nothing: '',
    'a NUL': 'k1\0',
    'a list': ['k1'],
    'an object': { kid: 'k1' },
  }

  for (const [name, kid] of Object.entries(kids)) {
    it(`finds no key for a kid that is ${name}`, async () => {
      expect(await ask(withSet, rs256(claims(), { alg: 'RS256', kid }))).toBeNull()
    })
  }

  it('accepts a shared-key token with the secret, and no key-pair token', async () => {
    expect(await ask(withSecret, hs256(claims(), secret))).toMatchObject({ userId: 'u1' })
    expect(await ask(withSecret, hs256(claims(), Buffer.alloc(32, 8)))).toBeNull()
    expect(await ask(withSecret, good)).toBeNull()
  })

  it('refuses, and does not fail, when the algorithm is listed and the key is of another kind', async () => {
    const verify = jwtVerifier({ ...base, algorithms: ['RS256', 'ES256'], key: ec.publicKey })
    expect(await ask(verify, good)).toBeNull()
  })

  it('gives no role and no tenant by itself, whatever the token claims', async () => {
    const token = rs256(claims({ roles: ['admin'], tenantId: 't1', scope: 'read  write' }))
    expect(await ask(withKey, token)).toEqual({ userId: 'u1', scopes: ['read', 'write'] })
  })

  it('lets the app turn claims into a user, or refuse', async () => {
    const verify = jwtVerifier({
      ...base,
      key: rsa.publicKey,
      toUser: ({ sub, org }) =>
        typeof sub === 'string' && org === 't1' ? { userId: sub, tenantId: 't1' } : null,
    })
    expect(await ask(verify, rs256(claims({ org: 't1' })))).toEqual({
      userId: 'u1',
      tenantId: 't1',
    })
    expect(await ask(verify, good)).toBeNull()
  })

  const without = (option: keyof typeof base): object => ({
    ...base,
    key: rsa.publicKey,
    [option]: undefined,
  })
  const wrong: { readonly [name: string]: object } = {
    'no algorithms': without('algorithms'),
    'an empty list of algorithms': { ...base, key: rsa.publicKey, algorithms: [] },
    'the algorithm none': { ...base, key: rsa.publicKey, algorithms: ['none'] },
    'none beside another': { ...base, key: rsa.publicKey, algorithms: ['RS256', 'none'] },
    'shared-key and key-pair algorithms together': {
      ...base,
      key: secret,
      algorithms: ['HS256', 'RS256'],
    },
    'no issuer': without('issuer'),
    'an empty issuer': { ...base, key: rsa.publicKey, issuer: '' },
    'no audience': without('audience'),
    'an empty list of audiences': { ...base, key: rsa.publicKey, audience: [] },
    'no key': base,
    'a key and a key set': { ...base, key: rsa.publicKey, jwks },
    'a public key for HS256': { ...base, key: rsa.publicKey, algorithms: ['HS256'] },
    'a secret for RS256': { ...base, key: secret },
    'a private key for RS256': { ...base, key: rsa.privateKey },
    'PEM text as a key': { ...base, key: pem },
    'a secret of 31 bytes': { ...base, key: secret.subarray(1), algorithms: ['HS256'] },
    'a key set for HS256': { ...base, jwks, algorithms: ['HS256'] },
    'a tolerance of an hour': { ...base, key: rsa.publicKey, clockToleranceSeconds: 3_600 },
    'a tolerance that is no number': {
      ...base,
      key: rsa.publicKey,
      clockToleranceSeconds: Number.NaN,
    },
    'a key set without keys': { ...base, jwks: { keys: [] } },
    'two keys of one name': { ...base, jwks: { keys: [...jwks.keys, ...jwks.keys] } },
    'a private key in the set': {
      ...base,
      jwks: { keys: [rsa.privateKey.export({ format: 'jwk' })] },
    },
    'a shared key in the set': { ...base, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } },
    'an RSA key with exponent 1': { ...base, jwks: { keys: [{ ...jwks.keys[0], e: 'AQ' }] } },
    'a key set over plain HTTP': { ...base, jwksUrl: 'http://id.test/jwks' },
    'a key set from a file': { ...base, jwksUrl: 'file:///keys' },
    'a key set from nowhere': { ...base, jwksUrl: 'keys' },
  }

  for (const [name, options] of Object.entries(wrong)) {
    it(`refuses ${name} at construction`, () => {
      expect(() => jwtVerifier(options as JwtVerifierOptions)).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
      )
    })
  }

  it('takes keys as PEM once they are key objects', async () => {
    const verify = jwtVerifier({ ...base, key: createPublicKey(pem) })
    expect(await ask(verify, good)).toMatchObject({ userId: 'u1' })
  })
})
