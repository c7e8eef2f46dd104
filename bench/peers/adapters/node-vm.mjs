import vm from 'node:vm'
export default {
  name: 'node:vm new context',
  isolation: 'none',
  note: 'not a security boundary; timeout covers synchronous code only',
  async run(code, { tools, timeoutMs }) {
    let timer
    const late = new Promise((_, no) => {
      timer = setTimeout(no, timeoutMs, new Error('timeout'))
    })
    try {
      const context = vm.createContext({ tool: async (n, a) => tools[n](a) })
      const value = vm.runInContext(`(async()=>{${code}\n})()`, context, { timeout: timeoutMs })
      return { ok: true, value: await Promise.race([value, late]) }
    } catch (e) {
      return { ok: false, error: String(e?.message ?? e) }
    } finally {
      clearTimeout(timer)
    }
  },
}
