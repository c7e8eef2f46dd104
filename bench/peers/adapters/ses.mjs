import { access } from '../lib/programs.mjs'
export default {
  name: 'ses Compartment',
  isolation: 'language',
  note: 'lockdown() changes the host realm; no time or heap limit of its own',
  programs: {
    access: (o) => access(o).replace("return await import('node:'+n)", 'throw new Error(n)'),
  }, // source with import() is refused outright
  async setup() {
    await import('ses')
    lockdown({ errorTaming: 'unsafe', consoleTaming: 'unsafe' })
  },
  async run(code, { tools, timeoutMs }) {
    let timer
    const late = new Promise((_, no) => {
      timer = setTimeout(no, timeoutMs, new Error('timeout'))
    })
    try {
      const c = new Compartment({
        globals: { tool: harden(async (n, a) => tools[n](a)) },
        __options__: true,
      })
      return { ok: true, value: await Promise.race([c.evaluate(`(async()=>{${code}\n})()`), late]) }
    } catch (e) {
      return { ok: false, error: String(e?.message ?? e) }
    } finally {
      clearTimeout(timer)
    }
  },
}
