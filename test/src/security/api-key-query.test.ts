import { describe, expect, it } from 'vitest'
import { APIKeyQuery } from '../../../src/security/api-key-query.ts'

const scheme = new APIKeyQuery({ name: 'api_key' })
const read = (query: string): unknown => scheme.read(new Request(`http://app.test/runs/1${query}`))

const readings = {
  'no query': ['', { kind: 'missing' }],
  'another parameter': ['?key=k', { kind: 'missing' }],
  'the name in other case': ['?API_KEY=k', { kind: 'missing' }],
  'the name in the fragment': ['#?api_key=k', { kind: 'missing' }],
  'a key': [
    '?api_key=k-1',
    { kind: 'present', credentials: { scheme: 'api_key', credentials: 'k-1' } },
  ],
  'a key beside others': [
    '?state=pending&api_key=k%2F1',
    { kind: 'present', credentials: { scheme: 'api_key', credentials: 'k/1' } },
  ],
  'the parameter twice': ['?api_key=k-1&api_key=k-2', { kind: 'malformed' }],
  'the parameter twice, once escaped': ['?api_key=k-1&api%5Fkey=k-2', { kind: 'malformed' }],
  'an empty parameter': ['?api_key=', { kind: 'malformed' }],
  'a parameter without value': ['?api_key', { kind: 'malformed' }],
  'a plus, which means a space': ['?api_key=k+1', { kind: 'malformed' }],
  'a NUL': ['?api_key=k%00', { kind: 'malformed' }],
  'a percent that escapes nothing': ['?api_key=%ff', { kind: 'malformed' }],
  'a key of 8 193 characters': [`?api_key=${'k'.repeat(8_193)}`, { kind: 'malformed' }],
} as const

describe('APIKeyQuery', () => {
  for (const [name, [query, reading]] of Object.entries(readings)) {
    it(`calls ${name} ${reading.kind}`, () => expect(read(query)).toEqual(reading))
  }

  it('asks for the parameter by name', () => {
    expect(scheme.challenge()).toBe('ApiKey in="query", name="api_key"')
  })

  it('refuses a name that would need escaping', () => {
    expect(() => new APIKeyQuery({ name: 'api key' })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
    )
  })
})
