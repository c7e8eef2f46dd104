import ivm from 'isolated-vm'

async function execute(isolate, code, { tools, timeoutMs }, onLate) {
  let timer
  const late = new Promise((_, no) => {
    timer = setTimeout(() => {
      no(new Error('timeout'))
      onLate()
    }, timeoutMs)
  })
  late.catch(() => {})
  let context
  try {
    const work = (async () => {
      context = await isolate.createContext()
      await context.global.set(
        '$tool',
        new ivm.Reference(async (n, a) => JSON.stringify(await tools[n](JSON.parse(a)))),
      )
      const script = await isolate.compileScript(
        `{const t=$tool;delete globalThis.$tool;globalThis.tool=async(n,a)=>JSON.parse(await t.apply(undefined,[n,JSON.stringify(a)],{result:{promise:true}}));}
        (async()=>{${code}\n})().then(v=>JSON.stringify(v))`,
      )
      const text = await script.run(context, { promise: true, timeout: timeoutMs })
      return text === undefined ? undefined : JSON.parse(text)
    })()
    work.catch(() => {})
    return { ok: true, value: await Promise.race([work, late]) }
  } catch (e) {
    return { ok: false, error: String(e?.message ?? e) }
  } finally {
    clearTimeout(timer)
    try {
      context?.release()
    } catch {
      /* isolate is gone */
    }
  }
}
const drop = (i) => {
  try {
    if (!i.isDisposed) i.dispose()
  } catch {
    /* already */
  }
}
export default [
  {
    name: 'isolated-vm fresh isolate',
    isolation: 'language',
    nodeArgs: ['--no-node-snapshot'],
    async run(code, o) {
      const isolate = new ivm.Isolate({ memoryLimit: Math.max(8, o.memoryMb) })
      try {
        return await execute(isolate, code, o, () => drop(isolate))
      } finally {
        drop(isolate)
      }
    },
  },
  {
    name: 'isolated-vm new context',
    isolation: 'language',
    nodeArgs: ['--no-node-snapshot'],
    note: 'one isolate for all executions: shared heap limit, a late one kills its neighbours',
    run(code, o) {
      if (!this.isolate || this.isolate.isDisposed)
        this.isolate = new ivm.Isolate({ memoryLimit: Math.max(8, o.memoryMb) })
      const isolate = this.isolate
      return execute(isolate, code, o, () => drop(isolate))
    },
    async teardown() {
      if (this.isolate) drop(this.isolate)
    },
  },
]
