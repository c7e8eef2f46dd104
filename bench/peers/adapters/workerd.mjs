// workerd with a dynamic worker loader: each execution is a fresh worker isolate without outbound network.
// Tool calls go guest -> parent worker (RPC) -> this process (HTTP on loopback).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const parent = `import { RpcTarget } from 'cloudflare:workers';
class Tools extends RpcTarget {
  constructor(env, id) { super(); this.$ = { env, id }; }
  async call(name, json) { const r = await this.$.env.TOOLS.fetch('http://tools/' + this.$.id + '/' + name, { method: 'POST', body: json }); const t = await r.text(); if (!r.ok) throw new Error(t); return t; }
}
export default { async fetch(req, env) {
  const { id, code } = await req.json();
  const w = env.LOADER.load({ compatibilityDate: '2026-01-01', mainModule: 'm.js', globalOutbound: null, modules: { 'm.js':
    "import { WorkerEntrypoint } from 'cloudflare:workers';\\nexport default class extends WorkerEntrypoint { async run($t) { const tool = async (n, a) => JSON.parse(await $t.call(n, JSON.stringify(a)));\\n" +
    "try { const v = await (async () => {" + code + "\\n})(); return JSON.stringify({ ok: true, value: v }); } catch (e) { return JSON.stringify({ ok: false, error: String(e && e.message || e) }); } } }" } });
  try { return new Response(await w.getEntrypoint().run(new Tools(env, id))); } catch (e) { return Response.json({ ok: false, error: String(e && e.message || e) }); }
} };`
const config = (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main), (name = "tools", external = (address = "127.0.0.1:${port}", http = ())) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ] );
const main :Workerd.Worker = ( modules = [ (name = "main.js", esModule = embed "main.js") ], compatibilityDate = "2026-01-01", compatibilityFlags = ["experimental"],
  bindings = [ (name = "LOADER", workerLoader = ()), (name = "TOOLS", service = "tools") ] );`
const listen = (s) => new Promise((y) => s.listen(0, '127.0.0.1', () => y(s.address().port)))

export default {
  name: 'workerd dynamic worker',
  isolation: 'language',
  note: 'fresh isolate in a shared workerd process; no CPU or heap limit in the open build, so a late one costs the whole process',
  async setup() {
    const root = path.dirname(createRequire(import.meta.url).resolve('workerd/package.json'))
    this.bin = ['linux-64', 'linux-arm64']
      .map((a) => path.join(root, '..', '@cloudflare', `workerd-${a}`, 'bin', 'workerd'))
      .find(existsSync)
    this.runs = new Map()
    this.next = 0
    this.agent = new Agent({ keepAlive: true })
    this.server = createServer(async (req, res) => {
      const [, id, name] = req.url.split('/')
      const chunks = []
      for await (const c of req) chunks.push(c)
      try {
        res.end(
          JSON.stringify(
            await this.runs.get(+id)[name](JSON.parse(Buffer.concat(chunks).toString())),
          ),
        )
      } catch (e) {
        res.statusCode = 500
        res.end(String(e?.message ?? e))
      }
    })
    const port = await listen(this.server)
    this.dir = await mkdtemp(path.join(tmpdir(), 'workerd-'))
    await writeFile(path.join(this.dir, 'main.js'), parent)
    await writeFile(path.join(this.dir, 'config.capnp'), config(port))
    await this.start()
  },
  async start() {
    const child = spawn(
      this.bin,
      ['serve', '--experimental', '--control-fd=3', path.join(this.dir, 'config.capnp')],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    )
    this.child = child
    child.stderr.resume()
    this.port = await new Promise((y, n) => {
      child.on('exit', (c) => n(new Error(`workerd exit ${c}`)))
      child.stdio[3].on('data', (d) => {
        for (const l of String(d).split('\n')) if (l.includes('"listen"')) y(JSON.parse(l).port)
      })
    })
  },
  revive(child, kill) {
    // the process is shared: when it must go, everything in it goes, and a new one is started
    if (child !== this.child || child.reviving) return
    child.reviving = true
    if (kill) child.kill('SIGKILL')
    const dead =
      child.exitCode !== null || child.signalCode !== null
        ? Promise.resolve(true)
        : once(child, 'exit').then(() => true)
    this.starting = Promise.race([dead, sleep(2000, false)]).then((gone) => {
      child.reviving = false
      return gone && this.start()
    })
  },
  async run(code, { tools, timeoutMs }) {
    const id = this.next++
    this.runs.set(id, tools)
    await this.starting
    try {
      return await new Promise((resolve) => {
        const timer = setTimeout(() => {
          resolve({ ok: false, error: 'timeout' })
          this.revive(this.child, true)
        }, timeoutMs)
        const done = (r) => {
          clearTimeout(timer)
          resolve(r)
        }
        const req = request(
          { host: '127.0.0.1', port: this.port, method: 'POST', agent: this.agent },
          async (res) => {
            try {
              const c = []
              for await (const d of res) c.push(d)
              done(JSON.parse(Buffer.concat(c).toString()))
            } catch (e) {
              done({ ok: false, error: e.message })
            }
          },
        )
        const child = this.child
        req.on('error', (e) => {
          done({ ok: false, error: e.message })
          this.revive(child, false)
        })
        req.end(JSON.stringify({ id, code }))
      })
    } finally {
      this.runs.delete(id)
    }
  },
  async teardown() {
    this.child.kill('SIGKILL')
    this.server.close()
    this.agent.destroy()
    await rm(this.dir, { recursive: true, force: true })
  },
}
