import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, outcomeOf, runBody } from '../harness/sandbox/run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const polluting: Record<string, string> = {
  'a value with __proto__': `return JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')`,
  'an argument with __proto__': `return tools.echo(JSON.parse('{"__proto__": {"polluted": 1}}'))`,
  'the prototypes inside': `for (const p of [Object, Array, Function, String, Error, Promise]) p.prototype.polluted = 1; return tools.echo({ a: [] })`,
  'an error with __proto__': `throw Object.assign(new Error("x"), JSON.parse('{"__proto__": {"polluted": 1}, "polluted": 1}'))`,
  'a console line with __proto__': `console.log(JSON.parse('{"__proto__": {"polluted": 1}}')); return 1`,
}

describe('prototype pollution', () => {
  for (const [name, body] of Object.entries(polluting)) {
    it(`does not reach the host through ${name}`, async () => {
      const result = await runBody(sandbox, body)
      Object.assign({}, result.ending)
      for (const fresh of [{}, [], () => 0, '', new Error('x'), Promise.resolve()]) {
        expect('polluted' in Object(fresh)).toBe(false)
      }
    })
  }

  it('does not stop a run whose built-ins were all replaced', async () => {
    const body = `const { ownKeys } = Reflect, { hasOwn } = Object; for (const o of [Object, Array, Reflect, JSON, Promise, Map, WeakMap, String, Function]) {
        for (const k of ownKeys(o)) { try { o[k] = () => { throw 1 } } catch {} }
        for (const k of hasOwn(o, "prototype") ? ["map", "call", "apply", "bind", "get", "set", "slice", "push"] : []) { try { o.prototype[k] = () => { throw 1 } } catch {} }
      } return { still: "here" }`
    expect(await outcomeOf(runBody(sandbox, body))).toEqual({ still: 'here' })
  })
})
