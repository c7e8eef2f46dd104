// node floor/floor.mjs [results dir] : what the machine itself costs, with no sandbox in the way.
import { execFileSync, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import v8 from 'node:v8'
import { Worker } from 'node:worker_threads'

const here = import.meta.dirname
const q = (xs) => {
  const s = [...xs].sort((a, b) => a - b),
    p = (f) => +s[Math.min(s.length - 1, Math.floor(f * s.length))].toPrecision(4)
  return { n: s.length, p50: p(0.5), p95: p(0.95), p99: p(0.99) }
}
const out = { node: process.version }
const dir = mkdtempSync(path.join(tmpdir(), 'floor-'))
const built =
  spawnSync('gcc', ['-O2', '-static', '-o', `${dir}/pong`, `${here}/pong.c`]).status === 0 &&
  spawnSync('gcc', ['-O2', '-o', `${dir}/floor`, `${here}/floor.c`]).status === 0
if (built) Object.assign(out, JSON.parse(execFileSync(`${dir}/floor`, [`${dir}/pong`]).toString()))

const series = async (n, f, warm = 10) => {
  for (let i = 0; i < warm; i++) await f()
  const xs = []
  for (let i = 0; i < n; i++) {
    const t = performance.now()
    await f()
    xs.push(performance.now() - t)
  }
  return q(xs)
}
const start = (cmd, args, input) =>
  new Promise((y, n) => {
    const c = spawn(cmd, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    c.stdout.once('data', () => {})
    c.on('error', n)
    c.on('close', y)
    if (input) c.stdin.write(input)
  })
if (built) out.node_spawns_static_ms = await series(300, () => start(`${dir}/pong`, [], 'x'))
out.node_e_empty_ms = await series(60, () => start(process.execPath, ['-e', '0']), 3)
const entry = path.join(dir, 'snap.cjs'),
  blob = path.join(dir, 'snap.blob')
writeFileSync(entry, "require('node:v8').startupSnapshot.setDeserializeMainFunction(() => {})")
if (spawnSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', entry]).status === 0)
  out.node_user_snapshot_ms = await series(
    60,
    () => start(process.execPath, ['--snapshot-blob', blob]),
    3,
  )
out.node_no_snapshot_ms = await series(
  30,
  () => start(process.execPath, ['--no-node-snapshot', '-e', '0']),
  3,
)
out.node_jitless_ms = await series(30, () => start(process.execPath, ['--jitless', '-e', '0']), 3)
out.true_ms = await series(200, () => start('/bin/true', []))
if (spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true']).status === 0)
  out.bwrap_true_ms = await series(100, () =>
    start('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true']),
  )
if (spawnSync('unshare', ['-r', '-n', '-m', '-p', '-f', 'true']).status === 0)
  out.unshare_true_ms = await series(100, () =>
    start('unshare', ['-r', '-n', '-m', '-p', '-f', 'true']),
  )

const small = { id: 1, name: 'echo', args: { i: 1 } }
const big = Array.from({ length: 9800 }, (_, i) => ({
  id: i,
  name: `customer-${i}`,
  score: ((i * 7919) % 1000) / 10,
  tags: ['alpha', 'beta'],
  note: `row number ${i}`,
  ok: i % 2 === 0,
}))
const echo = path.join(here, 'echo.cjs')
async function roundTrips(name, ask, end) {
  out[name] = {
    smallUs: await series(5000, () => ask(small), 2000),
    mb1Ms: await series(30, () => ask(big), 5),
  }
  for (const k of ['p50', 'p95', 'p99'])
    out[name].smallUs[k] = +(out[name].smallUs[k] * 1000).toPrecision(4)
  end()
}
for (const serialization of ['json', 'advanced']) {
  const c = fork(echo, ['ipc'], { serialization })
  await roundTrips(
    `ipc_${serialization}`,
    (m) =>
      new Promise((y) => {
        c.once('message', y)
        c.send(m)
      }),
    () => c.kill(),
  )
}
const lines = (readable, writable) => {
  let rest = [],
    want
  readable.setEncoding('utf8').on('data', (d) => {
    if (d.endsWith('\n')) {
      const t = rest.join('') + d
      rest = []
      want(JSON.parse(t))
    } else rest.push(d)
  })
  return (m) =>
    new Promise((y) => {
      want = y
      writable.write(`${JSON.stringify(m)}\n`)
    })
}
{
  const c = spawn(process.execPath, [echo, 'lines'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await roundTrips('stdio_json_lines', lines(c.stdout, c.stdin), () => c.kill())
}
{
  const sock = path.join(dir, 's')
  const c = fork(echo, ['unix', sock])
  await once(c, 'message')
  const s = connect(sock)
  await once(s, 'connect')
  await roundTrips('unix_socket_json_lines', lines(s, s), () => {
    s.destroy()
    c.kill()
  })
}
{
  const c = spawn(process.execPath, [echo, 'v8'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let parts = [],
    have = 0,
    need = -1,
    want
  c.stdout.on('data', (d) => {
    parts.push(d)
    have += d.length
    if (need < 0 && have >= 4) need = 4 + Buffer.concat(parts).readUInt32LE(0)
    if (need > 0 && have >= need) {
      const b = Buffer.concat(parts)
      parts = []
      have = 0
      need = -1
      want(v8.deserialize(b.subarray(4)))
    }
  })
  await roundTrips(
    'stdio_v8_serialize',
    (m) =>
      new Promise((y) => {
        want = y
        const o = v8.serialize(m),
          h = Buffer.alloc(4)
        h.writeUInt32LE(o.length)
        c.stdin.write(h)
        c.stdin.write(o)
      }),
    () => c.kill(),
  )
}
{
  const w = new Worker(
    "const{parentPort:p}=require('node:worker_threads');p.on('message',m=>p.postMessage(m))",
    { eval: true },
  )
  await roundTrips(
    'worker_message',
    (m) =>
      new Promise((y) => {
        w.once('message', y)
        w.postMessage(m)
      }),
    () => w.terminate(),
  )
}
rmSync(dir, { recursive: true, force: true })
const to = process.argv[2]
if (to) {
  mkdirSync(to, { recursive: true })
  writeFileSync(path.join(to, 'floor.json'), `${JSON.stringify(out, null, 1)}\n`)
}
console.log(JSON.stringify(out, null, 1))
process.exit(0)
