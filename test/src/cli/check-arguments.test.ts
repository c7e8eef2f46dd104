import { describe, expect, it } from 'vitest'
import { languageOf, readCheckArguments, UsageError } from '../../../src/cli/check-arguments.ts'

describe('readCheckArguments', () => {
  it('reads files and modules', () => {
    const args = ['a.ts', '-', '--tools', 't.ts', '--policy', 'p.ts', '--json', '--no-types']
    expect(readCheckArguments(args)).toEqual({
      files: ['a.ts', '-'],
      toolsModule: 't.ts',
      policyModule: 'p.ts',
      format: 'json',
      checksTypes: false,
      language: null,
    })
  })

  it('has defaults for everything but the file', () => {
    expect(readCheckArguments(['a.ts'])).toMatchObject({
      toolsModule: null,
      policyModule: null,
      format: 'text',
      checksTypes: true,
    })
  })

  it('knows that only the help is wanted', () => {
    expect(readCheckArguments(['--help'])).toBe('help')
    expect(readCheckArguments(['a.ts', '-h'])).toBe('help')
  })

  const wrong = {
    'no file': [],
    'an option that does not exist': ['a.ts', '--tool', 't.ts'],
    'an option without its value': ['a.ts', '--tools'],
    'two formats': ['a.ts', '--json', '--sarif'],
    'a language that does not exist': ['a.ts', '--language', 'py'],
  }
  for (const [name, args] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => expect(() => readCheckArguments(args)).toThrow(UsageError))
  }
})

describe('languageOf', () => {
  const languages = {
    'a.js': 'js',
    'b/a.mjs': 'js',
    'a.cjs': 'js',
    'a.ts': 'ts',
    'a.txt': 'ts',
    '<stdin>': 'ts',
  }
  for (const [file, language] of Object.entries(languages)) {
    it(`is ${language} for ${file}`, () => expect(languageOf(file)).toBe(language))
  }
})
