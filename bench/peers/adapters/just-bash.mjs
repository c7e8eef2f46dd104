import { Bash } from 'just-bash'
export default {
  name: 'just-bash js-exec',
  isolation: 'wasm',
  note: 'QuickJS WASM in a worker; its heap limit is fixed at 64 MB',
  async run(code, { tools, timeoutMs }) {
    const bash = new Bash({
      files: {
        '/p.js': `const tool=async(n,a)=>JSON.parse(await tools.host.call({n,a}));\n(async()=>{${code}\n})().then(v=>console.log('@@'+JSON.stringify(v)))`,
      },
      javascript: {
        invokeTool: async (_path, json) => {
          const { n, a } = JSON.parse(json)
          return JSON.stringify(JSON.stringify(await tools[n](a)))
        },
      },
      executionLimits: { maxJsTimeoutMs: timeoutMs },
    })
    const r = await bash.exec('js-exec /p.js')
    const at = r.stdout.lastIndexOf('@@')
    return at >= 0
      ? { ok: true, value: JSON.parse(r.stdout.slice(at + 2)) }
      : { ok: false, error: (r.stderr || `exit ${r.exitCode}`).slice(0, 300) }
  },
}
