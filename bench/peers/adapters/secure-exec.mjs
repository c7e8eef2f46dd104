import { createVm, evaluate, init, shutdown } from 'secure-exec'
import { z } from 'zod'

const hostFunctions = (tools) => ({
  host: {
    call: {
      inputSchema: z.object({ name: z.string(), args: z.string() }),
      execute: async ({ name, args }) => ({
        v: JSON.stringify(await tools[name](JSON.parse(args))),
      }),
    },
  },
})
const source = (code) =>
  `(async()=>{const tool=async(name,args)=>JSON.parse((await host.call({name,args:JSON.stringify(args)})).v);\n${code}\n})()`
const result = (r) =>
  r.outcome === 'succeeded'
    ? { ok: true, value: r.value }
    : { ok: false, error: `${r.outcome}: ${r.error?.message ?? ''}` }
const options = (o) => ({
  defaultSoftware: false,
  hostFunctions: hostFunctions(o.tools),
  limits: { jsRuntime: { v8HeapLimitMb: o.memoryMb } },
})
export default [
  {
    name: 'secure-exec fresh VM',
    isolation: 'process',
    note: 'V8 isolates in a shared sidecar process; default software left out to be fast',
    async setup() {
      await init()
    },
    async run(code, o) {
      return result(await evaluate(source(code), { ...options(o), timeoutMs: o.timeoutMs }))
    },
    async teardown() {
      await shutdown()
    },
  },
  {
    name: 'secure-exec one VM',
    isolation: 'process',
    note: 'VM kept, JavaScript memory fresh per call',
    async setup() {
      this.box = {}
    },
    async run(code, o) {
      this.vm ??= createVm(
        options({ ...o, tools: new Proxy({}, { get: (_, n) => this.box.tools[n] }) }),
      )
      this.box.tools = o.tools
      return result(
        await (await this.vm).javascript.evaluate(source(code), { timeoutMs: o.timeoutMs }),
      )
    },
    async teardown() {
      await (await this.vm)?.dispose()
      await shutdown()
    },
  },
]
