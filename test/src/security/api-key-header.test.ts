import { describe, expect, it } from 'vitest'
import { APIKeyHeader } from '../../../src/security/api-key-header.ts'

const scheme = new APIKeyHeader({ name: 'X-API-Key' })

function read(headers: readonly (readonly [string, string])[]): unknown {
  const list = new Headers()
  for (const [name, value] of headers) list.append(name, value)
  return scheme.read(new Request('http://app.test/', { headers: list }))
}

const present = {
  'a key': 'k-123',
  'a key with every other character': "!#$%&'*+-./09:;<=>?@AZ[]^_`az{|}~",
  'a key of 8 192 characters': 'k'.repeat(8_192),
}

const malformed: { readonly [name: string]: readonly string[] } = {
  'two headers of the name': ['k-1', 'k-2'],
  'the same key twice': ['k-1', 'k-1'],
  'a comma list in one header': ['k-1,k-2'],
  'an empty header': [''],
  'a space inside': ['k 1'],
  'a tab inside': ['k\t1'],
  'a quote': ['"k"'],
  'a backslash': ['k\\1'],
  'bytes that are not ASCII': ['k\u00e9'],
  'a control character': ['k\u0001'],
  'a key of 8 193 characters': ['k'.repeat(8_193)],
}

describe('APIKeyHeader', () => {
  for (const [name, key] of Object.entries(present)) {
    it(`reads ${name}`, () => {
      const credentials = { scheme: 'api_key', credentials: key }
      expect(read([['x-api-key', key]])).toEqual({ kind: 'present', credentials })
    })
  }

  for (const [name, values] of Object.entries(malformed)) {
    it(`calls ${name} malformed, not missing`, () => {
      const headers = values.map((value) => ['X-API-Key', value] as const)
      expect(read(headers)).toEqual({ kind: 'malformed' })
    })
  }

  it('finds nothing in other headers', () => {
    expect(
      read([
        ['X-API-Keys', 'k'],
        ['Authorization', 'Bearer k'],
      ]),
    ).toEqual({ kind: 'missing' })
  })

  it('asks for the header by name', () => {
    expect(scheme.challenge()).toBe('ApiKey in="header", name="X-API-Key"')
  })

  for (const name of ['', 'X API Key', 'X-Key:', 'X-Key\r\nX-Other', 'ü']) {
    it(`refuses ${JSON.stringify(name)} as a header name`, () => {
      expect(() => new APIKeyHeader({ name })).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
      )
    })
  }
})
