import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { readPureModule } from '../../../harness/parsing/pure-module.ts'
import type { PureModule } from '../../../harness/program.ts'
import { readOk, violations } from '../analysis/read-for-test.ts'

function moduleOf(source: string, name = 'stats'): PureModule {
  const read = readPureModule(name, source)
  if (!read.ok) throw new Error(read.problems.join())
  return read.module
}

/** Runs a program as the sandbox does. */
async function run(source: string, module: PureModule, language: 'js' | 'ts' = 'js') {
  const { code } = readOk(source, { language, modules: [module] })
  return runInNewContext(code, { data: [1, 2, 3], tools: {} })()
}

const text = `
  const sum = (list) => list.reduce((a, b) => a + b, 0)
  export function mean(list) { return sum(list) / list.length }
  export class Box { constructor(x) { this.x = x } }
  export const zero = 0, one = 1
  const hidden = 2
  export { hidden as two, sum as "the sum" }
  export default sum
`

describe('a pure module', () => {
  const stats = moduleOf(text)

  it('tells what it exports', () => {
    expect(stats.exports).toEqual(['mean', 'Box', 'zero', 'one', 'two', 'the sum', 'default'])
  })

  it.each([
    ['a name', `import { mean } from 'stats'\nreturn mean(data)`, 2],
    ['a name under another', `import { mean as m } from 'stats'\nreturn m(data)`, 2],
    ['the default', `import sum from 'stats'\nreturn sum(data)`, 6],
    ['the default by name', `import { default as sum } from 'stats'\nreturn sum(data)`, 6],
    ['all of it', `import * as stats from 'stats'\nreturn stats.mean(data) + stats.two`, 4],
    ['a class', `import { Box } from 'stats'\nreturn new Box(5).x`, 5],
    ['a name that is a text', `import { 'the sum' as sum } from 'stats'\nreturn sum(data)`, 6],
    [
      'several imports',
      `import sum from 'stats'\nimport { one } from 'stats'\nreturn sum(data) + one`,
      7,
    ],
    ['an import behind its use', `const f = () => one\nimport { one } from 'stats'\nreturn f()`, 1],
    ['an import for its effect', `import 'stats'\nreturn 1`, 1],
    [
      'an exported function',
      `import { mean } from 'stats'\nexport default (data) => mean(data)`,
      2,
    ],
    [
      'a name like those of the runtime',
      `import { one as module$0 } from 'stats'\nreturn module$0`,
      1,
    ],
  ])('gives %s to a program', async (_name, source, expected) => {
    expect(await run(source, stats)).toBe(expected)
    expect(await run(source, stats, 'ts')).toBe(expected)
  })

  it('leaves lines and columns of the program where they are', () => {
    const source = `import { mean } from 'stats'\nreturn mean(process)`
    expect(violations(source, { modules: [stats] })).toMatchObject([
      { ruleId: 'no-unknown-global', line: 2, column: 13 },
    ])
  })

  it('is not there for programs that do not import it', () => {
    expect(readOk('return 1', { modules: [stats] }).code).not.toContain('mean')
  })

  it.each([
    [`import { median } from 'stats'\nreturn median(data)`, /no export "median"/],
    [`export { mean } from 'stats'\nreturn 1`, /import of module "stats"/],
    [`import x from 'other'\nreturn x`, /import of module "other"/],
    [`return await import('stats')`, /cannot load a module/],
  ])('cannot be had by %j', (source, message) => {
    const found = violations(source, { modules: [stats] })
    expect(found[0]?.message).toMatch(message)
  })

  it('says what could be imported', () => {
    const [finding] = violations(`import x from 'other'\nreturn x`, { modules: [stats] })
    expect(finding?.hint).toBe('Modules that can be imported: stats')
  })
})

describe('a module that is not pure', () => {
  it.each([
    ['imports', `import fs from 'node:fs'`, /imports "node:fs"/],
    ['re-exports', `export * from 'node:fs'`, /imports "node:fs"/],
    ['re-exports a name', `export { x } from 'node:fs'`, /imports "node:fs"/],
    [
      'uses the host',
      'export default process.env',
      /"process" is not available in a program \(line 1\)/,
    ],
    ['turns text into code', `export default eval('1')`, /"eval" is not allowed/],
    ['reaches a constructor', 'export default [].constructor', /"constructor" is not allowed/],
    ['changes the language', 'Array.prototype.x = 1', /cannot be changed/],
    ['waits', 'await 1\nexport default 1', /await/],
    ['uses the tools of the run', 'export default () => tools.sql({})', /no tool|"tools"/],
    ['uses the input of the run', 'export default () => data.length', /"data"/],
    ['is no JavaScript', 'export default (', /Unexpected token/],
    ['is TypeScript', 'export const a: number = 1', /Missing initializer|Unexpected token/],
  ])('%s', (_name, source, message) => {
    const read = readPureModule('stats', source)
    expect(read).toMatchObject({ ok: false })
    if (!read.ok) expect(read.problems.join()).toMatch(message)
  })
})
