import { Worker } from 'node:worker_threads'

const guest = `const { parentPort, workerData } = require('node:worker_threads');
const calls = new Map(); let next = 0;
const tool = (name, args) => new Promise((y, n) => { const id = next++; calls.set(id, [y, n]); parentPort.postMessage({ id, name, args }); });
parentPort.on('message', (m) => { const c = calls.get(m.id); calls.delete(m.id); 'e' in m ? c[1](new Error(m.e)) : c[0](m.v); });
const AsyncFunction = (async () => {}).constructor;
new AsyncFunction('tool', workerData)(tool).then((v) => parentPort.postMessage({ done: 1, v }), (e) => parentPort.postMessage({ done: 1, e: String(e && e.message || e) }));`
export default {
  name: 'worker_threads fresh',
  isolation: 'none',
  note: 'own heap and thread, same process: full fs and network',
  run: (code, { tools, timeoutMs, memoryMb }) =>
    new Promise((resolve) => {
      const w = new Worker(guest, {
        eval: true,
        workerData: code,
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: memoryMb },
        stdout: true,
        stderr: true,
      })
      const finish = (r) => {
        clearTimeout(timer)
        resolve(r)
        w.terminate()
      }
      const timer = setTimeout(finish, timeoutMs, { ok: false, error: 'timeout' })
      w.on('error', (e) => finish({ ok: false, error: e.message }))
      w.on('exit', (c) => finish({ ok: false, error: `exit ${c}` }))
      w.on('message', async (m) => {
        if (m.done) return finish('e' in m ? { ok: false, error: m.e } : { ok: true, value: m.v })
        try {
          w.postMessage({ id: m.id, v: await tools[m.name](m.args) })
        } catch (e) {
          w.postMessage({ id: m.id, e: String(e?.message ?? e) })
        }
      })
    }),
}
