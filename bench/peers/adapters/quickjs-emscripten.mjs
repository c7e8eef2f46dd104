import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { newQuickJSWASMModule, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'

async function execute(rt, ctx, code, { tools, timeoutMs }, deadlines) {
  const end = performance.now() + timeoutMs
  const key = {}
  deadlines.set(key, end)
  const pump = () => {
    const r = rt.executePendingJobs()
    if (r.error) r.error.dispose()
  }
  let timer,
    alive = true
  const pending = new Set()
  try {
    ctx
      .newFunction('$tool', (n, a) => {
        const name = ctx.getString(n),
          args = JSON.parse(ctx.getString(a))
        const d = ctx.newPromise()
        pending.add(d)
        void Promise.resolve()
          .then(() => tools[name](args))
          .then(
            (v) => {
              if (alive) ctx.newString(JSON.stringify(v)).consume((h) => d.resolve(h))
            },
            (e) => {
              if (alive) ctx.newError(String(e?.message ?? e)).consume((h) => d.reject(h))
            },
          )
          .then(() => {
            if (alive) {
              pending.delete(d)
              pump()
              d.dispose()
            }
          })
        return d.handle
      })
      .consume((f) => ctx.setProp(ctx.global, '$tool', f))
    const promise = ctx.unwrapResult(
      ctx.evalCode(
        `{const t=$tool;delete globalThis.$tool;globalThis.tool=async(n,a)=>JSON.parse(await t(n,JSON.stringify(a)))}
      (async()=>{${code}\n})().then(v=>JSON.stringify(v))`,
      ),
    )
    const native = ctx.resolvePromise(promise)
    promise.dispose()
    pump()
    const late = new Promise((_, no) => {
      timer = setTimeout(no, Math.max(0, end - performance.now()), new Error('timeout'))
    })
    const h = ctx.unwrapResult(await Promise.race([native, late]))
    const text = h.consume((x) => ctx.dump(x))
    return { ok: true, value: text === undefined ? undefined : JSON.parse(text) }
  } catch (e) {
    return { ok: false, error: String(e?.message ?? e) }
  } finally {
    alive = false
    clearTimeout(timer)
    deadlines.delete(key)
    for (const d of pending) {
      try {
        d.dispose()
      } catch {
        /* */
      }
    }
  }
}
const limits = (rt, memoryMb, deadlines) => {
  rt.setMemoryLimit(memoryMb * 2 ** 20)
  rt.setMaxStackSize(2 ** 19)
  rt.setInterruptHandler(() => {
    const t = performance.now()
    for (const d of deadlines.values()) if (t > d) return true
    return false
  })
}
const quietly = (f) => {
  try {
    f()
  } catch {
    /* a runtime with live handles refuses to go */
  }
}
let precompiled
const variant = () => newVariant(RELEASE_SYNC, { wasmModule: precompiled })
async function load() {
  if (!precompiled) {
    const require = createRequire(createRequire(import.meta.url).resolve('quickjs-emscripten'))
    precompiled = await WebAssembly.compile(
      readFileSync(require.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')),
    )
  }
  return newQuickJSWASMModule(variant())
}
export default [
  {
    name: 'quickjs-emscripten new context',
    isolation: 'wasm',
    note: 'one runtime: heap and time limits are shared by all contexts',
    async setup() {
      this.m = await load()
    },
    async run(code, o) {
      if (!this.rt) {
        this.rt = this.m.newRuntime()
        this.deadlines = new Map()
        limits(this.rt, o.memoryMb, this.deadlines)
      }
      const ctx = this.rt.newContext()
      try {
        return await execute(this.rt, ctx, code, o, this.deadlines)
      } finally {
        quietly(() => ctx.dispose())
      }
    },
  },
  {
    name: 'quickjs-emscripten new runtime',
    isolation: 'wasm',
    async setup() {
      this.m = await load()
    },
    async run(code, o) {
      const rt = this.m.newRuntime(),
        deadlines = new Map()
      limits(rt, o.memoryMb, deadlines)
      const ctx = rt.newContext()
      try {
        return await execute(rt, ctx, code, o, deadlines)
      } finally {
        quietly(() => ctx.dispose())
        quietly(() => rt.dispose())
      }
    },
  },
  {
    name: 'quickjs-emscripten new wasm',
    isolation: 'wasm',
    note: 'WASM compiled once, instantiated per execution',
    async setup() {
      await load()
    },
    async run(code, o) {
      const m = await newQuickJSWASMModule(variant())
      const rt = m.newRuntime(),
        deadlines = new Map()
      limits(rt, o.memoryMb, deadlines)
      return execute(rt, rt.newContext(), code, o, deadlines) // the whole instance is dropped
    },
  },
]
