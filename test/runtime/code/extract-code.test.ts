import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extractCode } from '../../../runtime/code/extract-code.ts'

const corpus = readFileSync(new URL('../../corpus/programs.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line): { id: string; language: string; llm_output: string; code: string } =>
    JSON.parse(line),
  )

const programs = {
  'a tagged block': ['```ts\nreturn 1\n```', 'return 1\n', 'ts'],
  'a block tagged js': ['Here:\n```js\nreturn 1\n```\nDone.', 'return 1\n', 'js'],
  'a tag in capitals with a title': [
    '```JavaScript title="a.js"\nreturn 1\n```',
    'return 1\n',
    'js',
  ],
  'the longest tagged block': [
    '```ts\nreturn 1\n```\nor\n```ts\nconst a = 1\nreturn a\n```',
    'const a = 1\nreturn a\n',
    'ts',
  ],
  'a tagged block before a longer untagged one': [
    '```ts\nreturn 1\n```\nprints\n```\n1111111111111111111\n```',
    'return 1\n',
    'ts',
  ],
  'an untagged block': ['```\nreturn 1\n```', 'return 1\n', 'ts'],
  tildes: ['~~~ts\nreturn 1\n~~~', 'return 1\n', 'ts'],
  'CRLF line ends': [
    '```ts\r\nconst a = 1\r\nreturn a\r\n```\r\n',
    'const a = 1\nreturn a\n',
    'ts',
  ],
  'a missing closing fence': ['```ts\nreturn 1', 'return 1\n', 'ts'],
  'an indented block': [
    '1. So:\n   ```ts\n   if (a) {\n     b()\n   }\n   ```',
    'if (a) {\n  b()\n}\n',
    'ts',
  ],
  'a shorter fence inside a longer one': [
    '````ts\nreturn `\n```\nx\n```\n`\n````',
    'return `\n```\nx\n```\n`\n',
    'ts',
  ],
  'a tagged fence inside a template literal': [
    '```ts\nreturn `\n```sql\n~~~\n`\n```',
    'return `\n```sql\n~~~\n`\n',
    'ts',
  ],
  'the whole reply': [
    'const a = await tools.list({})\nreturn a.length',
    'const a = await tools.list({})\nreturn a.length\n',
    'ts',
  ],
  'a whole reply that is one return': ['return 1 + 1', 'return 1 + 1\n', 'ts'],
  'a whole reply with a fence inside a template literal': [
    'const md = `\n```sql\nselect 1\n```\n`\nreturn md',
    'const md = `\n```sql\nselect 1\n```\n`\nreturn md\n',
    'ts',
  ],
  'a block of python beside one of ts': [
    '```python\nreturn 1, 2, 3\n```\n```ts\nreturn 1\n```',
    'return 1\n',
    'ts',
  ],
} as const

const others = {
  'an empty reply': ['', 'empty'],
  'a reply of blanks': [' \n\t\r\n', 'empty'],
  'an empty block': ['Here you go:\n```ts\n\n```', 'empty'],
  'an open block with nothing in it': ['```ts', 'empty'],
  prose: ['The revenue was 42 million last year. Let me know if you need more.', 'no-code'],
  'prose that talks about code': [
    'You could return the items, for example. Use a function for this.',
    'no-code',
  ],
  'a block in another language': ['```python\nprint(1)\n```', 'no-code'],
  'sample output only': ['Result:\n```json\n{"a": 1}\n```', 'no-code'],
  'a refusal': ["I'm sorry, but I can't help with that request.", 'refusal'],
  'a refusal without an apology': ['I cannot write a program that deletes all orders.', 'refusal'],
  'a refusal with a typographic apostrophe': ['I can’t assist with that.', 'refusal'],
  'a polite refusal': ['Unfortunately, this would expose personal data.', 'refusal'],
} as const

describe('extractCode', () => {
  it('reads what was recorded for every reply of the corpus', () => {
    const wrong = corpus.filter(({ llm_output, code }) => {
      const found = extractCode(llm_output)
      return found.kind !== 'program' || found.source !== code
    })
    expect(wrong.map(({ id }) => id)).toEqual([])
    expect(corpus.length).toBeGreaterThanOrEqual(123)
  })

  it('takes no TypeScript of the corpus for JavaScript', () => {
    const wrong = corpus.filter(({ llm_output, language }) => {
      const found = extractCode(llm_output)
      return language === 'ts' && found.kind === 'program' && found.language === 'js'
    })
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('takes every program of the corpus without its fence for a program', () => {
    const wrong = corpus.filter(({ code }) => extractCode(code).kind !== 'program')
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('takes no prose of the corpus for a program', () => {
    const wrong = corpus.filter(({ llm_output }) => {
      const prose = llm_output.replaceAll('\r\n', '\n').split(/^ *(?:```+|~~~+)/m)[0] ?? ''
      return prose.length < llm_output.length && extractCode(prose).kind === 'program'
    })
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  for (const [name, [reply, source, language]] of Object.entries(programs)) {
    it(`finds ${name}`, () => {
      expect(extractCode(reply)).toEqual({ kind: 'program', source, language })
    })
  }

  for (const [name, [reply, kind]] of Object.entries(others)) {
    it(`answers ${kind} to ${name}`, () => {
      expect(extractCode(reply)).toEqual({ kind })
    })
  }

  it('gets back any program that was fenced with a fence longer than what it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const body = `// ${text.replaceAll('\r\n', '\n')}`
        const found = extractCode(
          `Sure:\n\`\`\`\`\`\`\`\`ts\n${body.replaceAll('`', "'")}\n\`\`\`\`\`\`\`\``,
        )
        expect(found).toEqual({
          kind: 'program',
          source: `${body.replaceAll('`', "'").trim()}\n`,
          language: 'ts',
        })
      }),
    )
  })

  const slow = {
    'a fence and a line of blanks': `\`\`\`${' '.repeat(1_000_000)}\``,
    'a long run of backticks': '`'.repeat(1_000_000),
    'many fences': '```ts\n'.repeat(150_000),
    'a line of opening words': 'const '.repeat(200_000),
    'many lines of opening words': 'const a, b, c : {\n'.repeat(50_000),
    'many lines of brackets': `for (${'('.repeat(500)}\n`.repeat(2_000),
    'a long refusal': `sorry${' '.repeat(1_000_000)}`,
  }
  for (const [name, reply] of Object.entries(slow)) {
    it(`reads ${name} in linear time`, () => {
      const started = performance.now()
      extractCode(reply)
      expect(performance.now() - started).toBeLessThan(1_000)
    })
  }
})
