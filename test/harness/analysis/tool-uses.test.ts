import { describe, expect, it } from 'vitest'
import { readOk } from './read-for-test.ts'

function uses(source: string) {
  return readOk(source).facts.toolUses.map(({ tool, constantArguments, isConstant, isSingle }) => ({
    tool,
    constantArguments,
    isConstant,
    isSingle,
  }))
}

const one = (tool: string, constantArguments: object = {}, isConstant = true) => [
  { tool, constantArguments, isConstant, isSingle: true },
]

describe('tool uses', () => {
  it.each([
    ['a literal', `await tools.sql({ query: 'SELECT 1' })`],
    ['a variable', `const q = 'SELECT 1'\nawait tools.sql({ query: q })`],
    ['a template', 'const t = 1\nawait tools.sql({ query: `SELECT ${t}` })'],
    ['a concatenation', `await tools.sql({ query: 'SELECT ' + '1' })`],
    ['joined lines', `await tools.sql({ query: ['SELECT', '1'].join(' ') })`],
    ['a bracketed tool', `await tools['sql']({ query: 'SELECT 1' })`],
    ['a destructured tool', `const { sql } = tools\nawait sql({ query: 'SELECT 1' })`],
    ['a renamed tool', `const { sql: run } = tools\nawait run({ query: 'SELECT 1' })`],
    ['an alias of a tool', `const run = tools.sql\nawait run({ query: 'SELECT 1' })`],
    ['an alias of the tools', `const t = tools\nawait t.sql({ query: 'SELECT 1' })`],
    ['an argument behind a name', `const a = { query: 'SELECT 1' }\nawait tools.sql(a)`],
    ['a shorthand', `const query = 'SELECT 1'\nawait tools.sql({ query })`],
    ['an undefined property', `await tools.sql({ query: 'SELECT 1', cursor: undefined })`],
    ['an optional call', `await tools.sql?.({ query: 'SELECT 1' })`],
  ])('finds the statement in %s', (_name, source) => {
    expect(uses(source)).toEqual(one('sql', { query: 'SELECT 1' }))
  })

  it('takes an omitted argument for an empty object', () => {
    expect(uses('return tools.sql()')).toEqual(one('sql'))
  })

  it('keeps nested constants', () => {
    expect(uses(`return tools.sql({ params: [1, null, { a: true }] })`)).toEqual(
      one('sql', { params: [1, null, { a: true }] }),
    )
  })

  it('leaves out what is computed', () => {
    expect(uses(`return tools.sql({ query: 'SELECT ?', params: [data.id] })`)).toEqual(
      one('sql', { query: 'SELECT ?' }, false),
    )
  })

  it.each([
    ['a spread behind it', `return tools.sql({ query: 'SELECT 1', ...data })`],
    ['a computed name behind it', `return tools.sql({ query: 'SELECT 1', [data.k]: 2 })`],
    [
      'a later assignment to the variable',
      `let q = 'SELECT 1'\nq += data\nreturn tools.sql({ query: q })`,
    ],
    ['a changed object', `const a = { query: 'SELECT 1' }\na.query = data.q\nreturn tools.sql(a)`],
    ['an object given away', `const a = { query: 'SELECT 1' }\ndata.f(a)\nreturn tools.sql(a)`],
    [
      'an array that grows',
      `const p = ['SELECT 1']\np.push(data.x)\nreturn tools.sql({ query: p.join() })`,
    ],
    ['a parameter', `return (async (q) => tools.sql({ query: q }))('SELECT 1')`],
  ])('does not take a property for constant with %s', (_name, source) => {
    expect(uses(source)).toMatchObject([{ tool: 'sql', constantArguments: {}, isConstant: false }])
  })

  it('takes a prototype for no property, and a computed name of that spelling for one', () => {
    const unknown = { tool: 'sql', constantArguments: { b: 1 }, isConstant: false }
    expect(uses('await tools.sql({ a: 1, __proto__: null, b: 1 })')).toMatchObject([unknown])
    expect(uses('await tools.sql({ a: { "__proto__": null } })')).toMatchObject([
      { constantArguments: {}, isConstant: false },
    ])
    expect(uses(`await tools.sql({ ['__proto__']: 1 })`)).toMatchObject([{ isConstant: true }])
  })

  it.each([
    ['a computed name', 'return tools[data.name]({})'],
    ['the tools given to something unknown', 'return data.run(tools)'],
    ['the tools in an object', 'return { tools }'],
    ['the tools spread', 'return { ...tools }'],
    ['all values of the tools', 'return Object.values(tools)'],
    ['a rest pattern', 'const { ...all } = tools\nreturn all'],
    ['a computed pattern', 'const { [data.name]: f } = tools\nreturn f({})'],
    [
      'a function that looks at its arguments',
      'function f(t) { return arguments[0] }\nreturn f(tools)',
    ],
    ['a variable that is assigned later', 'let t\nt = tools\nreturn t.sql({})'],
    ['the tools returned', 'return tools'],
  ])('counts %s as any tool', (_name, source) => {
    expect(uses(source).map(({ tool }) => tool)).toContain('*')
  })

  it.each([
    ['the names of the tools', 'return Object.keys(tools)'],
    ['a type test', 'return typeof tools'],
    ['a membership test', `return 'sql' in tools`],
  ])('does not count %s as a use', (_name, source) => {
    expect(uses(source)).toEqual([])
  })

  it.each([
    ['a value in an array', 'return [tools.sql]'],
    ['call', 'return tools.sql.call(null, {})'],
    ['an argument', 'return data.map(tools.sql)'],
  ])('names a tool that is handed on by %s', (_name, source) => {
    expect(uses(source)).toMatchObject([{ tool: 'sql', isConstant: false }])
  })

  it.each([
    ['a parameter', 'async function main(tools) { return tools.sql({}) }\nreturn main(tools)'],
    [
      'a pattern',
      'async function main({ tools }) { return tools.sql({}) }\nreturn main({ tools })',
    ],
    ['an exported function', 'export default async ({ tools }) => tools.sql({})'],
    ['a function called at once', 'return (async (t) => t.sql({}))(tools)'],
  ])('follows the tools into %s', (_name, source) => {
    expect(uses(source)).toMatchObject([{ tool: 'sql', isConstant: true, isSingle: false }])
  })

  it.each([
    ['a loop', 'for (const x of data) await tools.sql({})\nreturn 1'],
    ['a callback', 'return Promise.all(data.map((x) => tools.sql({})))'],
    ['a condition of a loop', 'while (await tools.sql({})) {}\nreturn 1'],
    ['a function', 'const f = () => tools.sql({})\nreturn f()'],
  ])('does not call a use in %s single', (_name, source) => {
    expect(uses(source)).toMatchObject([{ tool: 'sql', isSingle: false }])
  })

  it('calls the list of a loop single', () => {
    expect(uses('for (const x of await tools.sql({})) console.log(x)\nreturn 1')).toEqual(
      one('sql'),
    )
  })

  it('reports uses in source order with their place', () => {
    const { toolUses } = readOk(
      `const t = tools\nawait t.sql({})\nreturn tools['get-weather']({})`,
    ).facts
    expect(toolUses).toMatchObject([
      { tool: 'sql', line: 2, column: 7 },
      { tool: 'get-weather', line: 3, column: 8 },
    ])
  })
})
