import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeXml, parentElement, textElement } from '../../../runtime/prompts/escape-xml.ts'
import { anyText, carried, NASTY_STRINGS } from './nasty-strings.ts'
import { readElements, shapeOf } from './read-elements.ts'

const escaped = {
  'a tag': ['</intent>', '&lt;/intent&gt;'],
  'a reference': ['&lt;', '&amp;lt;'],
  'control characters': ['a\u0000b\u001Bc\u000Bd', 'a\uFFFDb\uFFFDc\uFFFDd'],
  'lone surrogates': ['\uD800a\uDC00', '\uFFFDa\uFFFD'],
  noncharacters: ['\uFFFE\uFFFF', '\uFFFD\uFFFD'],
} as const

const kept = [
  'plain text',
  'line\nbreaks\tand\rtabs',
  'quotes " \' `',
  '日本語 😀 \u{10FFFF}',
  '\u0085',
]

describe('escapeXml', () => {
  for (const [name, [text, expected]] of Object.entries(escaped)) {
    it(`replaces ${name}`, () => expect(escapeXml(text)).toBe(expected))
  }

  for (const text of kept) {
    it(`keeps ${JSON.stringify(text)}`, () => expect(escapeXml(text)).toBe(text))
  }

  for (const text of NASTY_STRINGS) {
    it(`keeps ${JSON.stringify(text.slice(0, 40))} inside its element`, () => {
      const prompt = parentElement('outer', [textElement('intent', text)])
      expect(shapeOf(readElements(prompt))).toEqual(['', [['outer', [['intent', []]]]]])
    })
  }

  it('gives every text back unchanged, apart from what XML cannot carry', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readElements(textElement('a', text)).children[0]?.text).toBe(carried(text))
      }),
      { numRuns: 1_000 },
    )
  })
})
