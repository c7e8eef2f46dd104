import { describe, expect, it } from 'vitest'
import { readOk } from '../read-for-test.ts'

/** The bounds of all uses of a program, in the order of its text. */
function bounds(source: string): readonly (number | null | undefined)[] {
  return readOk(source, { toolNames: ['pay', 'look'] }).facts.toolUses.map(
    ({ maxCalls }) => maxCalls,
  )
}

const counted: Record<string, [source: string, ...bounds: number[]]> = {
  'a call at the top': ['await tools.pay({ id: 1 })', 1],
  'calls side by side': ['await Promise.all([tools.pay(), tools.look()])', 1, 1],
  'a call in a branch': ['if (data) await tools.pay()', 1],
  'a call that is tried': ['try { await tools.pay() } catch { await tools.look() }', 1, 1],
  'a loop over a list that is written out': [
    'for (const id of [1, 2, 3]) await tools.pay({ id })',
    3,
  ],
  'a loop over computed members': ['for (const id of [data.a, data.b]) await tools.pay({ id })', 2],
  'a loop that counts up': ['for (let i = 0; i < 4; i++) await tools.pay({ i })', 4],
  'a loop that counts up to and with': [
    'for (let i = 1; i <= 4; i += 2) await tools.pay({ i })',
    2,
  ],
  'a loop that counts down': ['for (let i = 4; i > 0; i--) await tools.pay({ i })', 4],
  'loops in loops': [
    'for (const a of [1, 2]) for (let b = 0; b < 3; b++) await tools.pay({ a, b })',
    6,
  ],
  'what a loop goes through': ['for (const x of await tools.look()) x', 1],
  'a loop that is never entered': ['for (let i = 9; i < 4; i++) await tools.pay({ i })', 0],
  'a callback for each element': ['await Promise.all([1, 2].map((id) => tools.pay({ id })))', 2],
  'a callback of a promise': ['await tools.look().then(() => tools.pay())', 1, 1],
  'a function that is called once': [
    'async function main() { await tools.pay() }\nawait main()',
    1,
  ],
  'a function that is the last word': ['async function main() { return tools.pay() }', 1],
  'a function that is called twice': ['const pay = () => tools.pay()\nawait pay()\nawait pay()', 2],
  'a function that is called in a loop': [
    'const pay = (id) => tools.pay({ id })\nfor (const id of [1, 2, 3]) await pay(id)',
    3,
  ],
  'a function that is called by functions': [
    'const pay = () => tools.pay()\nconst both = async () => { await pay(); await pay() }\nawait both(); await both()',
    4,
  ],
  'a function that is handed to a list': [
    'const pay = (id) => tools.pay({ id });\n[1, 2].forEach(pay)',
    2,
  ],
  'a function that is never called': ['const pay = () => tools.pay()\nreturn 1', 0],
  'a function that is called where it is written': [
    'await (async () => { await tools.pay() })()',
    1,
  ],
  'a tool under another name': ['const { pay } = tools\nawait pay()\nawait pay()', 1, 1],
  'a tool that is asked for': ['if (tools.pay) await tools.look()', 0, 1],
  'an exported entry': ['export default async function main({ tools }) { await tools.pay() }', 1],
}

const unbounded: Record<string, string> = {
  'a loop over data': 'for (const id of data) await tools.pay({ id })',
  'a loop with a condition': 'while (data.more) await tools.pay()',
  'a loop with a condition behind': 'do { await tools.pay() } while (data.more)',
  'a loop over keys': 'for (const key in data) await tools.pay({ key })',
  'a loop without an end': 'for (;;) await tools.pay()',
  'a counter that is set back': 'for (let i = 0; i < 3; i++) { await tools.pay(); i = 0 }',
  'a counter that goes the wrong way': 'for (let i = 0; i < 3; i--) await tools.pay()',
  'a counter that does not move': 'for (let i = 0; i < 3; i += 0) await tools.pay()',
  'a bound that moves': 'let n = 3; for (let i = 0; i < n; i++) { n++; await tools.pay() }',
  'a list that is spread': 'for (const id of [...data]) await tools.pay({ id })',
  'a list that grows':
    'const ids = [1]; for (const id of ids) { ids.push(2); await tools.pay({ id }) }',
  'a callback for each of data': 'await Promise.all(data.map((id) => tools.pay({ id })))',
  'a function that calls itself':
    'const pay = async (n) => { await tools.pay(); await pay(n) }\nawait pay(1)',
  'functions that call one another':
    'async function a() { await tools.pay(); await b() }\nasync function b() { await a() }\nawait a()',
  'a function that is handed on': 'const pay = () => tools.pay()\nawait data.retry(pay)',
  'a function that is kept': 'const o = { pay: () => tools.pay() }\nawait o.pay()',
  'a function that is replaced':
    'let pay = () => tools.pay()\nif (data) pay = () => 1\nawait pay()',
  'a function expression with a name':
    'const f = async function again() { await tools.pay(); await again() }\nawait f()',
  'a method': 'class A { pay() { return tools.pay() } }\nawait new A().pay()',
  'a constructor': 'function A() { tools.pay() }\nnew A(); new A()',
  'a tool that is handed on': 'await Promise.all([1, 2].map(tools.pay))',
  'a tool that is called in another way': 'await tools.pay.call(null, {})',
  'a tool that is bound': 'const pay = tools.pay.bind(null)\nawait pay(); await pay()',
  'a tool that is kept': 'const all = [tools.pay]\nfor (const f of data) await all[0]()',
  'any tool': 'await tools[data.name]()',
  'more than anybody counts': 'for (let i = 0; i < 1e6; i++) await tools.pay()',
}

describe('how often a tool can be called at most', () => {
  for (const [name, [source, ...expected]] of Object.entries(counted)) {
    it(`is known for ${name}`, () => expect(bounds(source)).toEqual(expected))
  }
  for (const [name, source] of Object.entries(unbounded)) {
    it(`is not known for ${name}`, () => {
      const found = bounds(source)
      expect(found.length).toBeGreaterThan(0)
      expect(found).toEqual(found.map(() => null))
    })
  }

  it('is found in a moment where functions call functions many times', () => {
    const functions = Array.from({ length: 60 }, (_, n) => {
      return `const f${n} = () => { ${n === 0 ? 'tools.pay()' : `f${n - 1}(); f${n - 1}()`} }`
    })
    expect(bounds([...functions, 'f59()'].join('\n'))).toEqual([null])
  })
})
