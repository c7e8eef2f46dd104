import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { read, readOk } from '../analysis/read-for-test.ts'

/** Runs a program as the sandbox does: a script whose value is an async function. */
async function run(source: string, language: 'js' | 'ts' = 'js'): Promise<unknown> {
  const { code } = readOk(source, { language })
  const tools = { sql: async () => 'rows' }
  const main: () => Promise<unknown> = runInNewContext(code, {
    data: 20,
    tools,
    console: { log: () => 'logged' },
  })
  return main()
}

const endings: Readonly<Record<string, string>> = {
  'a return': 'return data + 1',
  'a return in a branch': 'if (data) { return data + 1 }\nreturn 0',
  'a return of main': 'async function main() { return data + 1 }\nreturn main()',
  'an exported function': 'export default function () { return data + 1 }',
  'an exported async function with a name':
    'export default async function run() { return data + 1 }',
  'an exported function that calls itself':
    'export default function run(n) { return typeof n === "object" ? run(1) : data + n }',
  'an exported arrow': 'export default async () => data + 1',
  'an exported arrow without a semicolon, followed by a statement':
    'export default () => data + 1\nvoid 0',
  'an exported arrow in parentheses': 'export default (async () => data + 1)',
  'an export by name': 'const main = async () => data + 1\nexport default main',
  'an export in braces': 'async function main() { return data + 1 }\nexport { main as default }',
  'an exported value': 'export default data + 1',
  'an exported function that takes data': 'export default (data) => data + 1',
  'an exported function that takes tools and data':
    'export default (tools, data) => tools.sql && data + 1',
  'an exported function that takes one object': 'export default ({ data }) => data + 1',
  'an exported function that takes a context': 'export default (context) => context.data + 1',
  'an exported function with a default parameter': 'export default (data = 5) => data + 1',
  'exported helpers': 'export const one = 1\nexport function f() { return data + one }\nreturn f()',
  'an awaited call': 'async function main() { return data + 1 }\nawait main();',
  'a call that is not awaited': 'const main = async () => data + 1\nmain()',
  'a function that is called at once': '(async () => data + 1)()',
  'a chained call': 'const main = async () => data + 1\nmain().catch((e) => { throw e })',
  'an expression': 'const x = data + 1\nx',
  'an expression before a comment': 'data + 1 // the answer',
  'a template': '`${data + 1}` * 1',
  'a declared result': 'const result = data + 1',
  'a declared result before a call': 'const result = data + 1\ntools.sql({})',
  'an assigned result': 'result = data + 1',
  'a result that is filled later': 'let result\nfor (const n of [1]) result = data + n',
  'a result before console output': 'const result = data + 1\nvoid 0',
  'a result from a pattern': 'const { result } = { result: data + 1 }',
  'a main that nothing calls': 'async function main() { return data + 1 }',
  'an arrow main that nothing calls': 'const main = async (data) => data + 1',
}

describe('endings', () => {
  const cases = Object.entries(endings)

  it.each(cases)('returns the value of %s', async (_name, source) => {
    expect(await run(source)).toBe(21)
  })

  it.each(cases)('returns the value of %s in TypeScript', async (_name, source) => {
    expect(await run(source, 'ts')).toBe(21)
  })

  it('leaves a program with a return as it is', () => {
    const source = 'if (data) return 1\ndata + 1'
    expect(readOk(source).code).toBe(`(async function () {"use strict";\n${source}\n})`)
  })

  it('does not return what console.log gives', async () => {
    expect(await run('console.log("x")')).toBeUndefined()
  })

  it('prefers a result to a call made for its effect', async () => {
    expect(await run('const result = data\nawait tools.sql({})')).toBe(20)
  })

  it('does not call a main that is called already', () => {
    expect(readOk('async function main() {}\nif (data) await main()').code).not.toContain('return')
  })
})

describe('the wrapper', () => {
  const breakouts = {
    'closing and opening again': '}); evil(); (async function () {',
    'closing the function and calling it': 'return 1 })(), tools.echo(1), (async () => { ',
    'closing with a comment behind it': 'return 1 })(); //',
    'closing inside a template expression': '`${1}`})(`',
    'an open comment': 'return 1 /*',
    'an open template': 'return `',
    'a second function': '}), (async function () {"use strict";\nreturn 2',
    'parentheses around it': '})\n(function(){',
    'a line separator behind a comment': '//\u2028})(); (async function () {',
    'a closing HTML comment': '\n--> x\n})(); (async function () {',
  }

  it.each(Object.entries(breakouts))('cannot be left by %s', (_name, source) => {
    for (const language of ['js', 'ts'] as const) {
      expect(read(source, { language })).toMatchObject({
        ok: false,
        code: 'ERR_PROGRAM_SYNTAX',
        findings: [{ ruleId: 'syntax', severity: 'violation' }],
      })
    }
  })

  it('says where it was closed', () => {
    const answer = read('const a = 1\nreturn 1 })(), (async () => { ')
    expect(answer.findings[0]).toMatchObject({ line: 2, column: 10 })
  })

  it('makes the program strict', async () => {
    expect(await run('return (function () { return this === undefined })()')).toBe(true)
  })

  it('ends a comment on the last line', async () => {
    expect(await run('return 1 // })')).toBe(1)
  })
})
