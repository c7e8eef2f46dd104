import { describe, expect, it } from 'vitest'
import { HTTPBearer } from '../../../src/security/http-bearer.ts'

const scheme = new HTTPBearer()

function read(...values: readonly string[]): unknown {
  const headers = new Headers()
  for (const value of values) headers.append('Authorization', value)
  return scheme.read(new Request('http://app.test/?access_token=t', { headers }))
}

const present = {
  'a token': ['Bearer abc', 'abc'],
  'the scheme in other case': ['bEARER abc', 'abc'],
  'several spaces': ['Bearer   abc', 'abc'],
  'every character a token can have': ['Bearer aZ09-._~+/==', 'aZ09-._~+/=='],
} as const

const malformed = {
  'two headers': ['Bearer abc', 'Bearer abc'],
  'a comma list': ['Bearer abc, Bearer def'],
  'a tab': ['Bearer\tabc'],
  'no token': ['Bearer'],
  'an empty header': [''],
  'two tokens': ['Bearer abc def'],
  'a parameter instead of a token': ['Bearer token="abc"'],
  'padding in the middle': ['Bearer ab=c'],
  'a control character': ['Bearer abc\u0001'],
  'bytes that are not ASCII': ['Bearer abc\u00e9'],
  'another scheme': ['Basic YTpi'],
  'a scheme that only begins the same': ['BearerX abc'],
  'more than 8 KiB': [`Bearer ${'a'.repeat(8_192)}`],
}

describe('HTTPBearer', () => {
  for (const [name, [header, token]] of Object.entries(present)) {
    it(`reads ${name}`, () => {
      const credentials = { scheme: 'bearer', credentials: token }
      expect(read(header)).toEqual({ kind: 'present', credentials })
    })
  }

  for (const [name, headers] of Object.entries(malformed)) {
    it(`calls ${name} malformed`, () => expect(read(...headers)).toEqual({ kind: 'malformed' }))
  }

  it('does not look for a token in the query', () => expect(read()).toEqual({ kind: 'missing' }))

  it('asks as RFC 6750 says: without an error if nothing was sent', () => {
    expect(scheme.challenge('missing')).toBe('Bearer')
    expect(scheme.challenge('bad')).toBe('Bearer error="invalid_token"')
  })
})
