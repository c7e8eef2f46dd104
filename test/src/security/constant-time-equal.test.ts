import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual } from '../../../src/security/constant-time-equal.ts'

describe('constantTimeEqual', () => {
  it('says yes to the same text and no to any other', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(fc.property(text, text, (a, b) => constantTimeEqual(a, b) === (a === b)))
    fc.assert(fc.property(text, (a) => constantTimeEqual(a, `${a}`)))
  })

  const different = {
    'texts of different length': ['key', 'key-and-more'],
    'an empty text': ['', 'key'],
    'texts that differ in case': ['Key', 'key'],
    'lone surrogates that UTF-8 cannot tell apart': ['\ud800', '\ud801'],
    'a letter and its composed form': ['é', 'e\u0301'],
  } as const

  for (const [name, [a, b]] of Object.entries(different)) {
    it(`tells apart ${name}`, () => expect(constantTimeEqual(a, b)).toBe(false))
  }
})
