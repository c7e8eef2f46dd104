import { VM } from 'vm2'
export default {
  name: 'vm2',
  isolation: 'language',
  note: 'proxies around node:vm; timeout covers synchronous code only',
  async run(code, { tools, timeoutMs }) {
    let timer
    const late = new Promise((_, no) => {
      timer = setTimeout(no, timeoutMs, new Error('timeout'))
    })
    try {
      const vm = new VM({
        timeout: timeoutMs,
        eval: false,
        wasm: false,
        sandbox: { $tool: async (n, a) => JSON.stringify(await tools[n](JSON.parse(a))) },
      })
      const text = await Promise.race([
        vm.run(
          `const tool=async(n,a)=>JSON.parse(await $tool(n,JSON.stringify(a)));(async()=>{${code}\n})().then(v=>JSON.stringify(v))`,
        ),
        late,
      ])
      return { ok: true, value: text === undefined ? undefined : JSON.parse(text) }
    } catch (e) {
      return { ok: false, error: String(e?.message ?? e) }
    } finally {
      clearTimeout(timer)
    }
  },
}
