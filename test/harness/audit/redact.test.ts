import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../../../harness/audit/redact.ts'
import { redactText } from '../../../harness/audit/redact-text.ts'
import { isSecretName } from '../../../harness/audit/secret-names.ts'

const S = 'Zq7secretZq7'
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP'
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----`

const secretNames = [
  'password', 'PASSWORD', 'dbPassword', 'db_password', 'userpassword', 'passwd', 'passphrase',
  'secret', 'clientSecret', 'client-secret', 'clientsecret', 'AWS_SECRET_ACCESS_KEY', 'awsAccessKeyId',
  'token', 'accessToken', 'refresh_token', 'accesstoken', 'X-Auth-Token', 'tokens', 'csrfToken',
  'apiKey', 'api_key', 'apikey', 'X-API-Key', 'OPENAI_API_KEY', 'privateKey', 'authorization',
  'Proxy-Authorization', 'cookie', 'Set-Cookie', 'credentials', 'jwt', 'otp', 'connectionString',
] // biome-ignore format: a table

const plainNames = [
  'tokenCount', 'token_limit', 'tokenType', 'secretary', 'keyboard', 'key', 'primaryKey', 'author',
  'authorId', 'cookieless', 'passenger', 'compass', 'tokenizer', 'monkey', 'id', 'total', '',
] // biome-ignore format: a table

describe('isSecretName', () => {
  for (const name of secretNames) it(`knows ${name}`, () => expect(isSecretName(name)).toBe(true))
  for (const name of plainNames) {
    it(`leaves "${name}" alone`, () => expect(isSecretName(name)).toBe(false))
  }
})

const hidden: Record<string, [text: string, secret: string]> = {
  'a Bearer header': [`Authorization: Bearer ${S}`, S],
  'a Bearer token by itself': [`curl -H "bearer ${S}"`, S],
  'a Basic header': [`authorization: Basic ${btoa(`ada:${S}`)}`, btoa(`ada:${S}`)],
  'Basic credentials by themselves': [`sent Basic ${btoa(`ada:${S}`)}`, btoa(`ada:${S}`)],
  'a header in JSON': [`{"Authorization":"Digest ${S}"}`, S],
  'every cookie of a header': [`Cookie: theme=dark; sid=${S}`, S],
  'a Set-Cookie header': [`set-cookie: sid=${S}; HttpOnly`, S],
  'a JSON Web Token': [`got ${JWT} back`, JWT],
  'an OpenAI key': ['key sk-proj-abcdEFGH1234ijklMNOP', 'abcdEFGH1234ijklMNOP'],
  'an Anthropic key': ['sk-ant-api03-abcdEFGH1234ijkl', 'abcdEFGH1234ijkl'],
  'a Stripe key': [`${'sk'}_live_abcdEFGH1234ijkl`, 'abcdEFGH1234ijkl'],
  'a GitHub token': ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'abcdefghijklmnop'],
  'a GitHub token of the newer kind': ['github_pat_11ABCDEFG0123456789_abc', '11ABCDEFG0123456789'],
  'a Slack token': [`${'xoxb'}-123456789012-abcdef`, '123456789012-abcdef'],
  'a Google key': ['AIzaSyA1234567890abcdefghijklmnopqrstuv', 'SyA1234567890abcdef'],
  'an AWS key id': ['AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7EXAMPLE'],
  'a private key': [PEM, 'MIIEpAIBAAKCAQEA'],
  'a private key that was cut off': [PEM.slice(0, 45), 'MIIEpAIBAAKC'],
  'a private key in one line': [PEM.replaceAll('\n', '\\n'), 'MIIEpAIBAAKCAQEA'],
  'the password of a URL': [`postgres://ada:${S}@db/shop`, S],
  'a password with an @ in a URL': [`https://ada:x@${S}@host/`, S],
  'a token that is the user of a URL': [`https://${S}@github.com/x`, S],
  'a query parameter': [`/x?a=1&api_key=${S}&b=2`, S],
  'a signature of a URL': [`https://b/x?sig=${S}`, S],
  'a setting': [`DB_PASSWORD=${S}`, S],
  'a setting in YAML': [`password: ${S}`, S],
  'a property in JSON': [`{"clientSecret": "a b ${S}"}`, S],
  'a property in JSON in a text': [`"{\\"password\\":\\"${S}\\"}"`, S],
  'a constant in code': [`const apiKey = '${S}'`, S],
  'a constant with an escaped quote': [`const token = "a\\"${S}"`, S],
  'a template in code': [`const secret = \`a\n${S}\``, S],
  'a text that does not end': [`password = "${S}`, S],
}

const untouched = [
  'Revenue by month?',
  'A basic understanding of the bearer of news',
  'const total = rows.reduce((a, b) => a + b, 0)',
  'const token = await tools.getToken({ id: 1 })',
  'password: string',
  'const password = getPassword()',
  'const secret = config.secret',
  'tokenCount: 12',
  'SELECT key, code FROM items WHERE key = 5',
  'https://example.com/a@b?page=2&sort=key',
  'mailto:ada@example.com',
  '/x?keyword=shoes',
  'ask-me-anything-about-the-weather',
  'a3f5e8c1d2b4a6978877665544332211a3f5e8c1d2b4a6978877665544332211',
  '2026-11-21T09:00:00.000Z',
]

describe('redactText', () => {
  for (const [name, [text, secret]] of Object.entries(hidden)) {
    it(`hides ${name}`, () => {
      const redacted = redactText(text)
      expect(redacted).toContain('[redacted]')
      expect(redacted).not.toContain(secret)
    })
  }

  for (const text of untouched) {
    it(`leaves alone: ${text}`, () => expect(redactText(text)).toBe(text))
  }

  it('keeps what is around a secret', () => {
    expect(redactText(`a ?x=1&token=${S}&y=2 b`)).toBe('a ?x=1&token=[redacted]&y=2 b')
    expect(redactText(`{"password":"${S}","a":1}`)).toBe('{"password":"[redacted]","a":1}')
  })

  it('changes nothing more the second time', () => {
    for (const [text] of Object.values(hidden)) {
      expect(redactText(redactText(text))).toBe(redactText(text))
    }
  })

  const slow: Record<string, string> = {
    'beginnings of tokens': 'eyJ-',
    'tokens without an end': 'eyJaaaaaaa.',
    'beginnings of keys': 'sk-',
    'headers of private keys': '-----BEGIN PRIVATE KEY-----',
    'headers of nothing': '-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAA ',
    schemes: '://',
    'at signs': 'a@',
    'URLs without a host': '://a:b',
    parameters: '?a&',
    assignments: 'a=',
    'open quotes': 'a="',
    'open quotes of two kinds': `a="b='`,
    'escaped quotes': 'a=\\"',
    backslashes: '\\',
    'one long word': 'a',
    spaces: ' ',
    colons: 'token:',
    'quoted colons': '"token":"',
    'Bearer without a token': 'bearer ',
    cookies: 'cookie:',
    'dotted names': 'token=a.',
  }
  for (const [name, part] of Object.entries(slow)) {
    it(`takes linear time over ${name}`, () => {
      const text = part.repeat(Math.ceil(1_000_000 / part.length))
      const before = performance.now()
      redactText(text)
      expect(performance.now() - before).toBeLessThan(2_000)
    })
  }

  it('takes linear time over whatever is repeated', () => {
    const piece = fc.string({
      unit: fc.constantFrom(
        ...'aZ0-_.=:"\'`\\ @/?&;\n',
        'eyJ',
        'sk-',
        '://',
        'token',
        'Basic ',
        'bearer ',
      ),
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(piece, (part) => {
        const before = performance.now()
        redactText(part.repeat(Math.ceil(100_000 / part.length)))
        expect(performance.now() - before).toBeLessThan(1_000)
      }),
      { numRuns: 100 },
    )
  })
})

describe('redact', () => {
  it('hides by name, however deep and whatever the type', () => {
    const value = {
      user: 'ada',
      password: S,
      pin: 1,
      list: [{ headers: { Cookie: S, Accept: 'x' } }],
      credentials: { name: S, parts: [S, 1234, true, null] },
      tokens: 12,
      otp: 123_456,
    }
    expect(redact(value)).toEqual({
      user: 'ada',
      password: '[redacted]',
      pin: 1,
      list: [{ headers: { Cookie: '[redacted]', Accept: 'x' } }],
      credentials: { name: '[redacted]', parts: ['[redacted]', '[redacted]', true, null] },
      tokens: 12,
      otp: '[redacted]',
    })
  })

  it('hides secrets in names', () => {
    expect(JSON.stringify(redact({ [JWT]: 1 }))).not.toContain(JWT)
    expect(JSON.stringify(redact(new Map([[JWT, 1]])))).not.toContain(JWT)
  })

  it('reads errors with their causes', () => {
    const cause = Object.assign(new Error(`https://a:${S}@b/`), { code: 'E', password: S })
    const text = JSON.stringify(redact(new Error('Failed', { cause })))
    expect(text).toContain('"code":"E"')
    expect(text).not.toContain(S)
  })

  it('cuts long texts and hides a secret that lies across the cut', () => {
    const cut = redact(`${'x '.repeat(131_065)}${PEM.replace('IE', 'IE'.repeat(500))}`)
    expect(String(cut).length).toBeLessThan(262_300)
    expect(cut).not.toContain('MIIE')
  })

  it('never throws and always gives JSON', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
    const getter = Object.defineProperty({}, 'a', { enumerable: true, get: () => fail() })
    const proxy = new Proxy({}, { ownKeys: () => fail() })
    const odd = [cycle, deep, getter, proxy, 1n, Symbol('a'), () => 1, new Date(Number.NaN)]
    for (const value of [...odd, odd, new Set(odd), new Uint8Array(3), Number.NaN, undefined]) {
      expect(typeof JSON.stringify(redact(value))).toBe('string')
    }
    expect(redact(cycle)).toEqual({ self: '[circular]' })
    expect(redact(getter)).toBe('[unreadable]')
  })

  it('keeps a property called __proto__ a property', () => {
    const value = redact(JSON.parse('{"__proto__": {"admin": true}}'))
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true}}')
    expect((value as { admin?: unknown }).admin).toBeUndefined()
  })

  it('lets no secret through under a secret name, in any value', () => {
    const name = fc.constantFrom(...secretNames)
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), name, (around, key) => {
        const text = JSON.stringify(redact({ around, deep: [{ [key]: { a: [S] } }] }))
        expect(text).not.toContain(S)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the structure of any JSON without secrets', () => {
    const word = fc.stringMatching(/^[a-f]{0,8}$/)
    const value = fc.letrec((tie) => ({
      any: fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      map: fc.dictionary(word, tie('any'), { maxKeys: 4 }),
    })).any
    fc.assert(
      fc.property(value, (json) => {
        expect(redact(json)).toEqual(json)
      }),
      { numRuns: 200 },
    )
  })
})

function fail(): never {
  throw new Error('Read')
}
