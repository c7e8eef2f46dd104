import { afterAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { declareToolTypes } from '../../../harness/types/tool-types.ts'
import type { TypeFinding, TypeRuleId } from '../../../harness/types/type-finding.ts'
import { TypeScriptChecker } from '../../../harness/types/typescript-checker.ts'
import type { Finding } from '../../../harness/verdict.ts'
import { TYPED_TOOLS } from './typed-tools.ts'

const checker = new TypeScriptChecker({ deadlineMs: 10_000 })
afterAll(() => checker.close())
const types = declareToolTypes(TYPED_TOOLS)
const { signal } = new AbortController()

function check(source: string, findings: readonly Finding[] = []): Promise<readonly TypeFinding[]> {
  return checker.check({ source, findings }, types, signal)
}

/** By the program: the rule, and what its message must say. */
const found: Record<string, [TypeRuleId, ...RegExp[]]> = {
  // Names of arguments
  'tools.get_order({ orderid: 5 })': ['types/tool-argument', /"orderid".*"order_id"/],
  'tools.get_order({ order_id: 5, bogus: 1 })': ['types/tool-argument', /no argument "bogus"/],
  'tools.get_order({ order_id: 5, filter: { from: "a", until: "b" } })': [
    'types/tool-argument',
    /"filter\.until"/,
  ],
  'tools.get_order({})': ['types/tool-argument', /"order_id" of tool "get_order" is required/],
  'tools.get_order({ order_id: 5, filter: { to: "b" } })': [
    'types/tool-argument',
    /"filter\.from".*is required/,
  ],
  'tools.pair({ a: "x" })': ['types/tool-argument', /"b", "c"/],
  'tools.ping({ x: 1 })': ['types/tool-argument', /no argument "x"/],
  'tools.find({ ids: 1 })': ['types/tool-argument', /no argument "ids"/],
  // Types of arguments
  'tools.get_order({ order_id: "5" })': ['types/tool-argument', /"order_id".*number.*string/],
  'const ä = "😀"; tools.list({ limit: "5" })': ['types/tool-argument', /"limit"/],
  'tools["get-weather"]({ city: 5 })': ['types/tool-argument', /"city" of tool "get-weather"/],
  'const { list } = tools; list({ limit: "5" })': ['types/tool-argument', /"limit"/],
  'const again = (f) => f(); again(() => tools.list({ limit: "5" }))': [
    'types/tool-argument',
    /"limit"/,
  ],
  'tools.get_order({ order_id: 5, status: "done" })': [
    'types/tool-argument',
    /"closed" \| "open".*"done"/,
  ],
  'tools.get_order({ order_id: 5, tags: "a" })': ['types/tool-argument', /string\[\].*a string/],
  'tools.get_order({ order_id: 5, tags: new Set(["a"]) })': ['types/tool-argument', /a Set/],
  'tools.count({ of: 5n })': ['types/tool-argument', /a BigInt/],
  'const rows = [{ id: "a" }]; rows.map((r) => tools.get_order({ order_id: r.id }))': [
    'types/tool-argument',
    /"order_id"/,
  ],
  // Something else than one object
  'tools.get_order("5")': ['types/tool-argument', /one object.*a string/],
  'tools.get_order(5, 6)': ['types/tool-argument', /one object/],
  'tools.get_order()': ['types/tool-argument', /one object.*nothing/],
  'tools.get_order([5])': ['types/tool-argument', /one object.*an array/],
  'tools.list({ limit: 1 }, { timeout: 1 })': ['types/tool-argument', /one object.*two arguments/],
  '[{ order_id: 1 }].map(tools.get_order)': ['types/tool-argument', /one object.*two arguments/],
  // A missing await
  'tools.list().map((x) => x)': ['types/missing-await', /"map"/],
  'const page = tools.ping(); page.rows.length': ['types/missing-await', /"rows"/],
  'const { items } = tools.get_order({ order_id: 1 })': ['types/missing-await', /"items"/],
  'for (const x of tools.list()) x': ['types/missing-await', /list/],
  'const [first] = tools.list()': ['types/missing-await', /list/],
  'tools.count({ of: "x" }) + 1': ['types/missing-await'],
  'if (tools.count({ of: "x" }) > 3) {}': ['types/missing-await'],
  'tools.count({ of: tools.ping() })': ['types/missing-await', /"of" of tool "count"/],
  'const load = async () => [1]; load().length': ['types/missing-await', /"length"/],
  // Misuse of an answer
  '(await tools.get_order({ order_id: 1 })).total': ['types/tool-answer', /"get_order".*"total"/],
  '(await tools.get_order({ order_id: 1 })).item': ['types/tool-answer', /did you mean "items"/],
  '(await tools.get_order({ order_id: 1 })).items[0].customer.nam': [
    'types/tool-answer',
    /"items\[\]\.customer".*"name"/,
  ],
  '(await tools.get_order({ order_id: 1 })).items.lenght': ['types/tool-answer', /array.*"length"/],
  '(await tools.get_order({ order_id: 1 })).map((x) => x)': ['types/tool-answer', /"map"/],
  'for (const x of await tools.get_order({ order_id: 1 })) x': ['types/tool-answer', /no list/],
  'const { rows } = await tools.get_order({ order_id: 1 })': ['types/tool-answer', /"rows"/],
  '(await tools.list()).items.length': ['types/tool-answer', /is an array and has no "items"/],
  '(await tools.list()).map((x) => x.nme)': ['types/tool-answer', /"nme".*"name"/],
  '(await tools.pair({ a: "", b: "", c: 1 })).bogus': ['types/tool-answer', /"bogus"/],
  // A tool that is not there
  'tools.get_ordr({ order_id: 1 })': ['types/unknown-tool', /"get_ordr".*"get_order"/],
  'const { lst } = tools': ['types/unknown-tool', /"lst"/],
}

/** What works, or may work: nothing may be said about it. */
const silent: Record<string, string> = {
  'a choice that is made at run time':
    'for (const status of ["open", "closed"]) tools.get_order({ order_id: 5, status })',
  'a choice in a variable': 'const q = { order_id: 1, status: "open" }; tools.get_order({ ...q })',
  'arguments that are put together': 'const args = {}; args.order_id = 5; tools.get_order(args)',
  'arguments that are spread': 'const more = {}; tools.get_order({ ...more, tags: [] })',
  'absent values': 'tools.get_order({ order_id: data.id, tags: undefined, status: null })',
  'a date, which is a string in JSON': 'tools.count({ of: new Date() })',
  'an address, which is a string in JSON': 'tools.count({ of: new URL("http://x.test") })',
  'a list that is read-only': 'tools.get_order({ order_id: 1, tags: Object.freeze(["a"]) })',
  'pairs of mixed values': 'for (const [of, n] of [["a", 1], ["b", 2]]) tools.count({ of })',
  'a placeholder that is replaced': 'let id = ""; id = data.id; tools.get_order({ order_id: id })',
  'a placeholder in an object':
    'const best = { id: "" }; best.id = data.id; tools.get_order({ order_id: best.id })',
  'a variable that is awaited later': 'let r = tools.list(); r = await r; r.length',
  'a promise that is chained': 'tools.list().then((rows) => rows.length).catch(() => 0)',
  'promises that are awaited together':
    'const [a, b] = await Promise.all([tools.list(), tools.ping()]); a.length + b.x',
  'an answer without a schema': '(await tools.ping()).anything.at.all',
  'an answer of two shapes':
    'const r = await tools.pair({ a: "", b: "", c: 1 }); if (!r.ok) throw new Error(r.error)',
  'a property that is asked for first':
    'const r = await tools.get_order({ order_id: 1 }); return r.rows ?? r.items',
  'an error that is asked for first':
    'const r = await tools.get_order({ order_id: 1 }); if (r.error) throw new Error(r.error)',
  'an answer that gets more properties':
    'for (const row of await tools.list()) { row["share"] = 1; row.part = row.share }',
  'an answer that is filled up':
    'const [row] = await tools.list(); Object.assign(row, { lines: [1] }); return row.lines.length',
  'an answer that comes in two ways':
    'const r = data ? tools.list() : new Map([["a", 1]]); return r.size',
  'a tool that is asked for first': 'return tools.search ? 1 : 2',
  'arithmetic on dates': 'return new Date() - new Date(data)',
  'an object that grows': 'const out = {}; out.a = 1; return out.b',
  'a reduction into an object': 'return [1].reduce((all, x) => { all.sum = x; return all }, {})',
  'any method of the language':
    'return new Set([1]).union(new Set([2])).values().map((x) => x).toArray()',
  'names of its own':
    'const data = 1, process = 2; interface Tools$ { a: 1 }; return data + process',
  'types that do not fit':
    'interface Row { a: number }; const rows: Row[] = await tools.list(); return rows',
  'an exported entry': 'export default async function main({ tools, data }) { return data }',
  'an import, which a rule reports': 'import _ from "lodash"\nreturn _.map([], 1)',
  'text that is no program': 'return ((((',
  'a name of the host, which a rule reports': 'return fetch("http://x.test")',
}

describe('TypeScriptChecker', () => {
  for (const [source, [ruleId, ...wanted]] of Object.entries(found)) {
    it(`finds what is wrong in ${source}`, async () => {
      const [finding, ...others] = await check(source)
      expect(finding).toMatchObject({
        ruleId,
        severity: 'warning',
        source: 'types',
        repairable: true,
      })
      expect(others).toEqual([])
      for (const pattern of wanted) expect(finding?.message).toMatch(pattern)
    })
  }

  for (const [name, source] of Object.entries(silent)) {
    it(`says nothing about ${name}`, async () => {
      expect(await check(source)).toEqual([])
    })
  }

  it('tells line and column of the text that the author wrote', async () => {
    const source =
      '#!/usr/bin/env node\n// ä\r\nawait tools.list()\u2028  await tools.list({ limit: "5" })'
    const [finding] = await check(source)
    expect(finding).toMatchObject({ line: 4, column: 22, reasonCode: 'TS2322' })
  })

  it('says nothing that static analysis has said of the same line', async () => {
    const source = 'const page = tools.ping()\nreturn page.rows'
    const known: Finding = {
      ruleId: 'no-unawaited-tool-call',
      source: 'analysis',
      severity: 'warning',
      message: 'Not awaited',
      line: 2,
    }
    expect(await check(source)).toHaveLength(1)
    expect(await check(source, [known])).toEqual([])
  })

  it('keeps few findings, each bounded and on one line', async () => {
    const source = Array.from({ length: 50 }, (_, n) => `tools.list({ ${'x'.repeat(500)}${n}: 1 })`)
    const findings = await check(source.join('\n'))
    expect(findings).toHaveLength(20)
    for (const { message, hint } of findings) expect(`${message}${hint}`).toMatch(/^.{1,600}$/u)
  })

  it('checks against the tools of each program', async () => {
    const none = declareToolTypes([])
    const source = 'return tools.list({ limit: "5" })'
    const [without] = await checker.check({ source, findings: [] }, none, signal)
    const [granted] = await check(source)
    expect([without?.ruleId, granted?.ruleId]).toEqual([
      'types/unknown-tool',
      'types/tool-argument',
    ])
  })

  it('checks `data` when its shape is known', async () => {
    const shape = { type: 'object', properties: { orderIds: { type: 'array' } } }
    const known = declareToolTypes([], { data: shape })
    const [finding] = await checker.check(
      { source: 'return data.orders.length', findings: [] },
      known,
      signal,
    )
    expect(finding?.message).toMatch(/`data` has no property "orders"/)
  })

  it('does not check a program that is very long', async () => {
    const [finding] = await check(`return "${'x'.repeat(140_000)}"`)
    expect(finding).toMatchObject({ ruleId: 'types/not-checked', repairable: false })
  })

  it('has nothing to say once the check is aborted', async () => {
    const aborted = AbortSignal.abort()
    expect(await checker.check({ source: 'tools.list(1)', findings: [] }, types, aborted)).toEqual(
      [],
    )
  })

  const misuse = {
    'there is no compiler': () => new TypeScriptChecker({}, { isFound: false, reason: 'none' }),
    'the deadline is no time': () => new TypeScriptChecker({ deadlineMs: 0 }),
  }
  for (const [name, create] of Object.entries(misuse)) {
    it(`cannot be made when ${name}`, () => expect(create).toThrow(ConfigurationError))
  }
})
