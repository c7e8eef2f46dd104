import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { QuickJS } from 'quickjs-wasi'
export default {
  name: 'quickjs-wasi new wasm',
  isolation: 'wasm',
  note: 'fresh WASM instance per execution, module compiled once',
  async setup() {
    this.wasm = await WebAssembly.compile(
      readFileSync(fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))),
    )
  },
  async run(code, { tools, timeoutMs, memoryMb }) {
    const end = performance.now() + timeoutMs
    const vm = await QuickJS.create({
      wasm: this.wasm,
      memoryLimit: memoryMb * 2 ** 20,
      interruptHandler: () => performance.now() > end,
    })
    let timer,
      alive = true
    try {
      vm.newFunction('$tool', (n, a) => {
        const name = n.toString(),
          args = JSON.parse(a.toString()),
          d = vm.newPromise()
        Promise.resolve()
          .then(() => tools[name](args))
          .then(
            (v) => {
              if (alive) {
                vm.newString(JSON.stringify(v)).consume((h) => d.resolve(h))
                vm.executePendingJobs()
              }
            },
            (e) => {
              if (alive) {
                vm.newError(String(e?.message ?? e)).consume((h) => d.reject(h))
                vm.executePendingJobs()
              }
            },
          )
        return d.handle
      }).consume((f) => vm.setProp(vm.global, '$tool', f))
      const h =
        vm.evalCode(`{const t=$tool;delete globalThis.$tool;globalThis.tool=async(n,a)=>JSON.parse(await t(n,JSON.stringify(a)))}
        (async()=>{${code}\n})().then(v=>JSON.stringify(v))`)
      const late = new Promise((_, no) => {
        timer = setTimeout(no, Math.max(0, end - performance.now()), new Error('timeout'))
      })
      const p = vm.resolvePromise(h)
      vm.executePendingJobs()
      const r = await Promise.race([p, late])
      if (r.error) return { ok: false, error: vm.dump(r.error)?.message ?? 'error' }
      const text = r.value.toString()
      return { ok: true, value: text === 'undefined' ? undefined : JSON.parse(text) }
    } catch (e) {
      return { ok: false, error: String(e?.message ?? e) }
    } finally {
      alive = false
      clearTimeout(timer)
      try {
        vm.dispose()
      } catch {
        /* */
      }
    }
  },
}
