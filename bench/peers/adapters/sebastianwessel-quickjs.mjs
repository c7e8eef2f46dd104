import variant from '@jitl/quickjs-ng-wasmfile-release-sync'
import { loadQuickJs } from '@sebastianwessel/quickjs'
export default {
  name: '@sebastianwessel/quickjs',
  isolation: 'wasm',
  async setup() {
    ;({ runSandboxed: this.sandboxed } = await loadQuickJs(variant))
  },
  async run(code, { tools, timeoutMs, memoryMb }) {
    const r = await this.sandboxed(
      ({ evalCode }) =>
        evalCode(
          `const tool=async(n,a)=>JSON.parse(await env.tool(n,JSON.stringify(a)));\nexport default await (async()=>{${code}\n})()`,
        ),
      {
        executionTimeout: timeoutMs,
        memoryLimit: memoryMb * 2 ** 20,
        env: { tool: async (n, a) => JSON.stringify(await tools[n](JSON.parse(a))) },
      },
    )
    return r.ok
      ? { ok: true, value: r.data }
      : { ok: false, error: String(r.error?.message ?? r.error) }
  },
}
