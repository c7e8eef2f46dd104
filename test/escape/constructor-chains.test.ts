import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, outcomeOf, runBody } from '../harness/sandbox/run-in-sandbox.ts'
import { REACHES } from './escape-attempts.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

describe('constructor chains', () => {
  for (const [name, reach] of Object.entries(REACHES)) {
    it(`end inside through ${name}`, async () => {
      const body = `let g; try { g = ${reach} } catch (e) { return [] }
        return ["process", "require", "Buffer", "WebAssembly", "fetch", "host"].filter((n) => g?.[n] !== undefined)`
      expect(await outcomeOf(runBody(sandbox, body))).toEqual([])
    })
  }

  it('get no function of the realm from a hook for stack traces', async () => {
    const body = `let got = null
      const hook = (error, sites) => { got = sites; return sites }
      try { Error.prepareStackTrace = hook } catch {}
      try { Object.defineProperty(Error, 'prepareStackTrace', { value: hook }) } catch {}
      try { Object.assign(Error, { prepareStackTrace: hook }) } catch {}
      try { delete Error.prepareStackTrace; Error.prepareStackTrace = hook } catch {}
      Object.prototype.toJSON = function () { new Error('x').stack; return this }
      try { (1.5).toLocaleString() } catch {}
      delete Object.prototype.toJSON
      return [got, typeof new Error('y').stack]`
    expect(await outcomeOf(runBody(sandbox, body))).toEqual([null, 'string'])
  })

  it('find no object that was made outside', async () => {
    const body = `const seen = new Set(), strange = []
      const visit = (o) => {
        if ((typeof o !== "object" && typeof o !== "function") || o === null || seen.has(o)) return
        seen.add(o)
        let p = o; while (Object.getPrototypeOf(p) !== null) p = Object.getPrototypeOf(p)
        if (p !== Object.prototype && p !== o) strange.push(String(Object.getOwnPropertyNames(p)))
        for (const k of Reflect.ownKeys(o)) { const d = Reflect.getOwnPropertyDescriptor(o, k); if (d) { visit(d.value); visit(d.get); visit(d.set) } }
        visit(Object.getPrototypeOf(o))
      }
      visit(globalThis); visit(tools); visit(await tools.echo({})); visit(data)
      return [strange, seen.size > 500]`
    expect(await outcomeOf(runBody(sandbox, body))).toEqual([[], true])
  })
})
