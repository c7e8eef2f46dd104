import { describe, expect, it } from 'vitest'
import { HTTPBasic } from '../../../src/security/http-basic.ts'

const scheme = new HTTPBasic({ realm: 'Shop' })
const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64')

function read(...values: readonly string[]): unknown {
  const headers = new Headers()
  for (const value of values) headers.append('Authorization', value)
  return scheme.read(new Request('http://app.test/', { headers }))
}

const present = {
  'name and password': ['alice:secret', 'alice', 'secret'],
  'a password with colons': ['alice:a:b:c', 'alice', 'a:b:c'],
  'an empty password': ['token-1:', 'token-1', ''],
  'UTF-8': ['älice:pässwörd€', 'älice', 'pässwörd€'],
  spaces: ['alice b:my secret ', 'alice b', 'my secret '],
} as const

const malformed = {
  'no colon': [`Basic ${encode('alice')}`],
  'an empty name': [`Basic ${encode(':secret')}`],
  'nothing encoded': ['Basic'],
  'an empty header': [''],
  'two headers': [`Basic ${encode('a:b')}`, `Basic ${encode('a:b')}`],
  'a comma list': [`Basic ${encode('a:b')},${encode('c:d')}`],
  'a tab': [`Basic\t${encode('a:b')}`],
  'a NUL': [`Basic ${encode('alice\0:secret')}`],
  'a line break in the password': [`Basic ${encode('alice:sec\nret')}`],
  'bytes that are not UTF-8': [`Basic ${encode(Buffer.from([0x61, 0x3a, 0xff]))}`],
  'an overlong encoding of the colon': [`Basic ${encode(Buffer.from([0x61, 0xc0, 0xba]))}`],
  'base64 without its padding': ['Basic YTpiYg'],
  'base64 that is not canonical': ['Basic YTpiZh=='],
  'the URL alphabet': [`Basic ${encode('a:\u00ff\u00ff\u00ff').replaceAll('/', '_')}-`],
  'characters that are not base64': ['Basic YT*pi'],
  'another scheme': ['Bearer YTpi'],
  'more than 8 KiB': [`Basic ${encode(`a:${'b'.repeat(8_192)}`)}`],
}

describe('HTTPBasic', () => {
  for (const [name, [text, username, password]] of Object.entries(present)) {
    it(`reads ${name}`, () => {
      const credentials = { scheme: 'basic', username, password }
      expect(read(`Basic ${encode(text)}`)).toEqual({ kind: 'present', credentials })
    })
  }

  for (const [name, headers] of Object.entries(malformed)) {
    it(`calls ${name} malformed`, () => expect(read(...headers)).toEqual({ kind: 'malformed' }))
  }

  it('finds nothing without the header', () => expect(read()).toEqual({ kind: 'missing' }))

  it('asks with realm and charset, and has a realm if none is given', () => {
    expect(scheme.challenge()).toBe('Basic realm="Shop", charset="UTF-8"')
    expect(new HTTPBasic().challenge()).toBe('Basic realm="airlock", charset="UTF-8"')
  })

  for (const realm of ['', 'a"b', 'a\\b', 'a\r\nSet-Cookie: x', 'ü']) {
    it(`refuses ${JSON.stringify(realm)} as a realm`, () => {
      expect(() => new HTTPBasic({ realm })).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
      )
    })
  }
})
