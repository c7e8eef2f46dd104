import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { runInV8, runScriptInV8, runSloppyInV8 } from './run-in-v8.ts'
import { PROBE } from './v8-realm-probe.ts'

// Each returns what it has found of another realm: nothing.
const attacks: Readonly<Record<string, string>> = {
  'what the globals lead to': `
    const samples = [function* () {}, async () => {}, async function* () {}, new Error('x'), [].values(),
      new Map().keys(), 'x'.matchAll(/x/g), [].values().map((x) => x), (function () { return arguments })()]
    for (const object of [...closure(globalThis), ...samples.flatMap(closure)]) note(String(typeof object), object)
    return found`,
  'import() in all its forms': `
    const forms = [() => import('node:fs'), () => import('data:text/javascript,1'), () => import('./x.js'),
      () => import('x', { with: { type: 'json' } }), () => import(''), () => import(null)]
    for (const form of forms) {
      const promise = form()
      note('the promise', promise)
      if (!(promise instanceof Promise)) found.push('not a promise')
      const error = await promise.then(() => 'imported', (error) => error)
      note('the error', error)
      if (!(error instanceof ReferenceError)) found.push(String(error))
      await Promise.prototype.then.call(form(), undefined, (error) => note('the reason', error))
    }
    class Caught extends Promise {}
    note('adopted', await Caught.resolve(import('node:fs')).catch((error) => error))
    return found`,
  'import() whose name throws': `
    const mine = {}
    const error = await import({ toString() { throw mine } }).catch((error) => error)
    return error === mine ? found : ['not mine']`,
  'a hook for stack traces': `
    const hook = (error, sites) => { found.push('called'); note('sites', sites); note('site', sites[0]); return '' }
    Error.prepareStackTrace = hook
    attempt(() => Object.defineProperty(Error, 'prepareStackTrace', { value: hook }))
    attempt(() => { globalThis.Error = { prepareStackTrace: hook } })
    attempt(() => Object.defineProperty(globalThis, 'Error', { value: { prepareStackTrace: hook } }))
    attempt(() => delete globalThis.Error)
    attempt(() => Object.setPrototypeOf(Error, { prepareStackTrace: hook }))
    Function.prototype.prepareStackTrace = Object.prototype.prepareStackTrace = hook
    class Mine extends Error { static prepareStackTrace = hook }
    TypeError.prepareStackTrace = hook
    for (const error of [new Error('x'), new Mine('x'), new TypeError('x')]) note('stack', error.stack)
    return found`,
  'the calls that a stack is written from': `
    const seen = []
    for (const key of [Symbol.toPrimitive, 'toString', 'valueOf', 'toJSON', 'join', 'getThis', 'getFunction', 0]) {
      if (key in Object.prototype && typeof key !== 'symbol') continue
      Object.defineProperty(Object.prototype, key, { get() { seen.push(this) }, set() { seen.push(this) }, configurable: true })
    }
    const { stack } = new Error('x')
    for (const value of seen) { note('call', value); if (/CallSite/.test(Reflect.apply(root.toString, value, []))) found.push('a call') }
    return [...found, ...stack.split('\\n').filter((line) => line.startsWith('    at ') && !/program\\.js:\\d/.test(line))]`,
  'stacks of objects with a proxy behind them': `
    const keys = []
    const trap = (target, key, receiver) => { keys.push(key); note('receiver', receiver); return undefined }
    const object = Object.create(new Proxy({}, { get: trap, has: (target, key) => { keys.push(key); return true } }))
    Error.captureStackTrace(object)
    if (typeof object.stack !== 'string') found.push('no stack')
    return [...found, ...keys.filter((key) => typeof key === 'symbol').map(String)]`,
  'the callers of a function': `
    const note2 = (how, f) => { note(how, f.caller); note(how + ' arguments', f.arguments) }
    const spy = function spy() { note2('spy', spy); return 'spied' }
    const error = new Error('x')
    Object.defineProperty(error, 'message', { get: spy })
    Object.defineProperty(error, 'name', { get: spy })
    Error.captureStackTrace(error)
    note('stack', error.stack)
    console.log({ toString: spy, valueOf: spy, toJSON: spy, get a() { return spy() } }, error)
    await tools.echo({ toJSON: spy })
    setTimeout(spy, 1)
    queueMicrotask(spy)
    await { then(resolve) { spy(); resolve() } }
    new Promise(spy); [1].map(spy); [2, 1].sort(spy); 'a'.replace(/a/, spy); JSON.stringify({ toJSON: spy })
    structuredClone(Object.defineProperty({}, 'a', { get: spy, enumerable: true }))
    await new Promise((resolve) => setTimeout(resolve, 10))
    return found`,
  'code out of text': `
    const makers = [Function, (async () => {}).constructor, (function* () {}).constructor,
      (async function* () {}).constructor, [].map.constructor, console.log.constructor, setTimeout.constructor,
      tools.echo.constructor, globalThis.constructor.constructor, class {}.constructor]
    for (const make of makers) {
      for (const way of [() => make('return 1'), () => new make('return 1'), () => Reflect.construct(make, ['return 1'], Object)]) {
        const result = attempt(way)
        note('maker', result)
        if (!(result instanceof EvalError)) found.push(String(make))
      }
    }
    for (const way of [() => eval('1'), () => (0, eval)('1')]) if (!(attempt(way) instanceof EvalError)) found.push('eval')
    note('timer', attempt(() => setTimeout('globalThis.evaluated = 1')))
    await new Promise((resolve) => setTimeout(resolve, 5))
    return [...found, ...Object.keys(globalThis).filter((key) => key === 'evaluated')]`,
  'species and subclasses': `
    const species = { get [Symbol.species]() { return function (...args) { note('this', this); args.forEach((arg) => note('arg', arg)); return [] } } }
    for (const Base of [Array, Promise, RegExp, ArrayBuffer, Map, Uint8Array]) Object.defineProperties(Base, Object.getOwnPropertyDescriptors(species))
    attempt(() => [1].map((x) => x)); attempt(() => 'a-b'.split(/-/)); attempt(() => new Uint8Array(2).slice())
    attempt(() => Promise.resolve().then(() => 1)); attempt(() => new ArrayBuffer(2).slice(0))
    new URL('https://a.test/?x=1').searchParams.getAll('x'); new Intl.NumberFormat('de').formatToParts(1.5)
    return found`,
  'patched built-ins that the host function might pass': `
    const spy = (how, original) => function (...args) {
      note(how + ' this', this)
      for (const arg of args) { note(how, arg); if (isObject(arg)) for (const part of Object.values(describe(arg, 'length') ? arg : {})) note(how + ' part', part) }
      return call(original, this, args)
    }
    const owners = [Function.prototype, Array.prototype, String.prototype, Promise.prototype, Map.prototype, WeakMap.prototype, Reflect, JSON, Object, Number]
    for (const owner of owners) for (const key of ownKeys(owner)) {
      const property = describe(owner, key)
      if (key === 'constructor' || typeof property.value !== 'function' || key === 'prototype') continue
      if (owner === Array.prototype && /push|pop|Symbol/.test(String(key))) continue
      attempt(() => Object.defineProperty(owner, key, { ...property, value: spy(String(key), property.value) }))
    }
    console.log('%s %o', { a: [1] }, new Map([[1, 2]])); Date.now(); new Date(); performance.now(); Math.random()
    crypto.randomUUID(); new URL('https://a.test/').href; (1.5).toLocaleString('de'); await tools.echo({ a: 1 })
    attempt(() => tools.nope()); structuredClone({ a: [new Date()] }); progress(1, 2, 'x'); new TextEncoder().encode('x')
    await new Promise((resolve) => setTimeout(resolve, 1))
    return found`,
  'setters and getters on the root of all objects': `
    for (const key of ['then', 'value', 'get', 'set', 'writable', 'constructor', 'host', 'call', 'apply', 'length', 'stack', 'cause', 'code', 'seq', '0']) {
      attempt(() => Object.defineProperty(Object.prototype, key, {
        get() { note(key, this); return undefined }, set(value) { note(key, this); note(key + ' value', value) }, configurable: true }))
    }
    attempt(() => console.log({ a: 1 })); attempt(() => crypto.randomUUID()); attempt(() => new URL('https://a.test/'))
    const p = attempt(() => tools.echo({ b: 1 })); attempt(() => setTimeout(() => 1, 1)); attempt(() => import('x').catch(() => 1))
    for (const key of ['then', 'value', 'get', 'set', 'writable', 'constructor', 'host', 'call', 'apply', 'length', 'stack', 'cause', 'code', 'seq', '0']) delete Object.prototype[key]
    return found`,
  'the custom ways in which Node shows and disposes': `
    const spy = function (...args) { found.push('called'); note('this', this); args.forEach((arg) => note('arg', arg)); return 'x' }
    for (const name of ['nodejs.util.inspect.custom', 'nodejs.util.promisify.custom', 'nodejs.rejection', 'nodejs.dispose']) {
      Object.prototype[Symbol.for(name)] = spy
    }
    console.log({ a: 1 }, new Error('x'), [1]); console.error(new TypeError('y')); console.table([{ a: 1 }])
    await Promise.reject(new Error('z')).catch(() => 1)
    return found`,
  'rejections that nobody handles': `
    const reason = new Proxy(function () {}, { get: (target, key) => { found.push('read ' + String(key)); return undefined } })
    for (let i = 0; i < 100; i++) { Promise.reject(reason); Promise.reject(i); new Promise(() => { throw new Error('x') }); (async () => { throw reason })() }
    const late = Promise.reject(reason)
    await new Promise((resolve) => setTimeout(resolve, 20))
    late.catch(() => 1)
    await tools.echo({})
    return found`,
  'finalizers and weak references': `
    const registry = new FinalizationRegistry(function (held) { note('held', held); note('this', this) })
    const refs = []
    for (let i = 0; i < 200; i++) { const target = { i }; registry.register(target, { i }); refs.push(new WeakRef(target)) }
    for (let i = 0; i < 50; i++) { new Array(1e5).fill(i); await null }
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const ref of refs) note('target', ref.deref())
    return found`,
  'what is not there': `
    const names = ['process', 'require', 'module', 'exports', 'global', 'Buffer', 'fetch', 'WebAssembly', 'SharedArrayBuffer',
      'Atomics', 'Temporal', 'gc', 'ShadowRealm', 'Worker', 'MessageChannel', 'navigator', 'primordials', 'internalBinding', '__filename', 'v8', 'd8']
    return names.filter((name) => name in globalThis || attempt(() => new Date(0).toTemporalInstant()) === 'x')`,
  'views on memory that is shared': `
    note('buffer', new Uint8Array(8).buffer)
    const kinds = closure(globalThis).filter((f) => typeof f === 'function').map((f) => describe(f, 'name')?.value)
    return [...found, ...kinds.filter((name) => /SharedArrayBuffer|^wait|Atomics/.test(name))]`,
}

describe('attacks on the realm of a program in V8', () => {
  for (const [name, body] of Object.entries(attacks)) {
    it.concurrent(`hides the realm of the runner from: ${name}`, async () => {
      const { value, ending, stderr } = await runSloppyInV8(`${PROBE}\n${body}`)
      expect({ value, ending: ending?.type, stderr }).toEqual({
        value: [],
        ending: 'returned',
        stderr: '',
      })
    })
  }

  it('would notice a realm that leaks', () => {
    const context = createContext({ host: () => 1, error: new Error('x') })
    const code = `${PROBE}\nnote('host', host); note('error', error); note('mine', {}); found`
    const found = runInContext(code, context) as string[]
    expect(found).toContain('host is foreign')
    expect(found).toContain('error leads to Function')
    expect(found.filter((text) => text.startsWith('mine'))).toEqual([])
  })
})

// What is not reached by the program's own code, but is handed to the runner.
const scripts: Readonly<Record<string, readonly [string, object]>> = {
  'a script that throws a proxy': [
    'throw new Proxy({}, { get() { globalThis.read = 1 }, getPrototypeOf() { throw 1 } })',
    { type: 'threw' },
  ],
  'a script that ends in a proxy of a function': [
    'new Proxy(async () => 1, { get() { throw 1 }, getPrototypeOf() { throw 1 } })',
    { type: 'returned' },
  ],
  'a script that ends in no function': ['({ get then() { throw 1 } })', { type: 'threw' }],
  'a program that throws while it starts': [
    '(() => { throw new Proxy(new Error("x"), { get() { throw 1 } }) })',
    { type: 'threw' },
  ],
  'a program that gives a thenable': ['(() => ({ then: (done) => done(1) }))', {}],
  'a script that cannot be parsed': [
    '(async function () {\n  const a = ;\n})',
    { type: 'threw', error: { name: 'SyntaxError', line: 2, column: 13 } },
  ],
  'a script that takes a name of the realm': [
    'let Error = 1; (async () => 1)',
    { type: 'threw', error: { name: 'SyntaxError' } },
  ],
  'a script with a name of its own': [
    '(async function () {\n  throw new Error("x")\n})\n//# sourceURL=file:///etc/passwd',
    { type: 'threw', error: { name: 'Error', message: 'x', line: 2 } },
  ],
  'a script in the language of asm.js': [
    '(function (f) { "use asm"; function g() { return 1 | 0 } return g }); (async () => 1)',
    { type: 'returned' },
  ],
}

describe('scripts that a runner has to be careful with', () => {
  for (const [name, [code, expected]] of Object.entries(scripts)) {
    it.concurrent(name, async () => {
      const { ending, stderr } = await runScriptInV8(code)
      expect(ending).toMatchObject(expected)
      expect(stderr).toBe('')
    })
  }
})

describe('the walls behind the realm', () => {
  it.concurrent('leaves an error of the runner, thrown where no stack is left, without a way on', async () => {
    const body = `${PROBE}
      const caught = []
      for (const action of [() => import('x').catch(() => 1), () => new Error('x').stack]) {
        for (let pad = 0; pad < 12; pad++) {
          const padding = new Array(pad).fill(0)
          let left = 400
          const down = function () {
            try { down(...padding) } catch (error) { caught.push(error) }
            if (left > 0) { try { action() } catch (error) { caught.push(error) } left-- }
          }
          attempt(down)
        }
      }
      const foreigners = caught.filter(foreign)
      return [foreigners.length, [...new Found(foreigners.flatMap(leads))], caught.length > 100]`
    const { value } = await runSloppyInV8(body)
    expect(value).toEqual([expect.any(Number), [], true])
    // The engine makes such errors; were there none, this test would show nothing.
    expect((value as number[])[0]).toBeGreaterThan(0)
  })

  it.concurrent('gives nothing of the runner from any built-in where no stack is left', async () => {
    const body = `${PROBE}
      const functions = closure(globalThis).filter((object) => typeof object === 'function')
      const caught = []
      const keep = (value) => { if (foreign(value)) caught.push(value) }
      for (const f of functions) {
        for (const args of [[], ['x', 'y'], [() => 1, {}]]) {
          let left = 20
          const probe = () => {
            try { const made = call(f, args[0] ?? {}, args); keep(made); if (made instanceof Promise) made.catch(() => 1) } catch (error) { keep(error) }
            try { keep(Reflect.construct(f, args)) } catch (error) { keep(error) }
          }
          const down = () => { try { down() } catch (error) { keep(error) } if (left > 0) { probe(); left-- } }
          attempt(down)
        }
      }
      return [functions.length > 500, caught.length, [...new Found(caught.flatMap(leads))]]`
    // Some of what is called here ends the run, prints or waits: only what it finds counts.
    const { value } = await runSloppyInV8(body)
    expect(value).toEqual([true, 0, []])
  })

  it.concurrent('never runs out of stack itself', async () => {
    const body = `const url = new URL('http://b/')
      const actions = [() => console.log('x'), () => new URL('http://a/ü?x#y'), () => { url.search = '?a=1' }, () => crypto.randomUUID(),
        () => crypto.getRandomValues(new Uint8Array(64)), () => tools.echo({ a: [1] }).catch(() => 1), () => new URLSearchParams('a=1&b=2'), () => progress(1)]
      let done = 0
      let failed = 0
      for (const action of actions) {
        for (let pad = 0; pad < 6; pad++) {
          const padding = new Array(pad).fill(0)
          let left = 700
          const down = function () {
            try { down(...padding) } catch {}
            if (left > 0) { try { action(); done++ } catch { failed++ } left-- }
          }
          try { down() } catch {}
        }
      }
      return [done > 1000, failed > 1000]`
    const { value, exitCode } = await runInV8(body)
    expect({ value, exitCode }).toEqual({ value: [true, true], exitCode: null })
  })

  it.concurrent('has the runner still work when the program has patched what it could', async () => {
    const body = `const ownKeys = Reflect.ownKeys
      for (const owner of [Object, Array, String, JSON, Map, Function.prototype, Reflect]) {
        const keys = ownKeys(owner)
        for (let i = 0; i < keys.length; i++) try { owner[keys[i]] = () => { throw 1 } } catch {}
      }
      console.log('still here')
      return await tools.echo({ a: 1 })`
    const outcome = await runInV8(body)
    expect(outcome).toMatchObject({ console: ['still here'], value: { a: 1 } })
  })
})
