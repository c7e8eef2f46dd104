// One probe of one adapter, in a process of its own (run.mjs starts it and watches it from outside).
// Usage: node probe.mjs <adapter file> <index> <probe> [quick] ; the result goes to the parent over IPC.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { pssOf, rssOf, ticksOf } from './lib/proc.mjs'
import {
  access,
  bombs,
  hold,
  kernel,
  runaway,
  toolBig,
  toolCalls,
  trivial,
} from './lib/programs.mjs'

const [file, index, probe, mode] = process.argv.slice(2)
// A quick pass only shows that everything runs: its figures are noise.
const scale = mode === 'quick' ? 0.1 : 1
const now = () => performance.now()
const r3 = (x) => (x === undefined || Number.isNaN(x) ? null : +x.toPrecision(4))
const quantiles = (xs) => {
  const s = [...xs].sort((a, b) => a - b),
    q = (p) => r3(s[Math.min(s.length - 1, Math.floor(p * s.length))])
  return { n: s.length, p50: q(0.5), p95: q(0.95), p99: q(0.99), min: r3(s[0]), max: r3(s.at(-1)) }
}
const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]
const reply = (m) => new Promise((y) => process.send(m, y))

const load = async () => [(await import(pathToFileURL(path.resolve(file)))).default].flat()
if (probe === 'describe') {
  const list = await load()
  await reply(
    list.map(({ name, isolation, note, nodeArgs, tools, kernel, unkillable }) => ({
      name,
      isolation,
      note,
      nodeArgs,
      tools,
      kernel,
      unkillable,
    })),
  )
  process.exit(0)
}

const rows = Array.from({ length: 9800 }, (_, i) => ({
  id: i,
  name: `customer-${i}`,
  score: ((i * 7919) % 1000) / 10,
  tags: ['alpha', 'beta'],
  note: `row number ${i}`,
  ok: i % 2 === 0,
}))
const tools = { echo: async (a) => a, big: async () => rows, hold: async () => null }
process.env.BENCH_SECRET = 'env-secret-4711'
const a = (await load())[+index]
const OWN = { trivial, hold }
const prog = (k) => a.programs?.[k] ?? OWN[k]
const run = async (code, o = {}) => {
  try {
    return await a.run(code, { tools, timeoutMs: 30_000, memoryMb: 128, ...o })
  } catch (e) {
    return { ok: false, error: `thrown into the host: ${String(e?.message ?? e)}` }
  }
}
const must = async (code, o) => {
  const r = await run(code, o)
  if (!r.ok) throw new Error(r.error)
  return r.value
}
const timed = async (code, o) => {
  const t = now()
  await must(code, o)
  return now() - t
}
// For probes that take start-up off: a pool that refills behind a run would hide part of that run.
const settled = async (code) => {
  await a.settle?.()
  return timed(code)
}
const many = async (code, budgetMs, max, once = timed) => {
  for (let i = 0; i < 5; i++) await once(code)
  const xs = []
  const end = now() + budgetMs
  while (xs.length < max && (now() < end || xs.length < 20)) xs.push(await once(code))
  return xs
}

const probes = {
  async perf() {
    const t0 = now()
    const v = await must(prog('trivial'))
    const first = now() - t0
    if (v !== 2) throw new Error(`wrong answer: ${JSON.stringify(v)}`)
    const out = { setupMs: r3(setupMs), firstMs: r3(first) }
    out.latencyMs = quantiles(await many(prog('trivial'), 8000 * scale, 1000 * scale))
    let n = 0
    const s = now(),
      end = s + 5000 * scale
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        while (now() < end) {
          await timed(prog('trivial'))
          n++
        }
      }),
    )
    out.throughputPerS = r3(n / ((now() - s) / 1000))
    return out
  },
  async memory() {
    // N sandboxes alive at once, all waiting in a host tool
    const N = 8
    const noTools = a.tools === false
    await Promise.all(Array.from({ length: N }, () => must(prog('trivial'))))
    await sleep(500)
    globalThis.gc?.()
    const rss0 = rssOf(process.pid),
      pss0 = pssOf(process.pid)
    let here = 0,
      go
    const gate = new Promise((y) => {
      go = y
    })
    const all = Array.from({ length: N }, () =>
      run(prog('hold'), {
        tools: {
          ...tools,
          hold: () => {
            here++
            return gate.then(() => null)
          },
        },
      }),
    )
    for (let i = 0; i < (noTools ? 12 : 40) && here < N; i++) await sleep(50)
    const live = noTools ? N : here
    await sleep(300)
    const rss1 = rssOf(process.pid),
      pss1 = pssOf(process.pid)
    go()
    await Promise.all(all)
    return {
      live,
      rssMb: r3((rss1 - rss0) / live / 2 ** 20),
      pssMb: r3((pss1 - pss0) / live / 2 ** 20),
      hostRssMb: r3(rss0 / 2 ** 20),
    }
  },
  async cpu() {
    if (a.kernel === false) return null
    const base = median(await many(prog('trivial'), 1000 * scale, 50, settled))
    const out = {}
    let sum = 0
    for (const [k, code] of Object.entries(kernel)) {
      const xs = []
      try {
        for (let i = 0; i < 5 && (i < 2 || xs[0] < 4000); i++) xs.push(await settled(code))
      } catch (e) {
        out[k] = `failed: ${e.message.slice(0, 80)}`
        sum = NaN
        continue
      }
      const ms = Math.max(0, median(xs) - base)
      out[k] = r3(ms)
      sum += ms
    }
    return { ...out, sumMs: r3(sum) }
  },
  async tool() {
    if (a.tools === false) return null
    const base = median(await many(prog('trivial'), 1000 * scale, 50, settled))
    const N = 1000 * scale,
      calls = [],
      big = []
    await settled(toolCalls(50))
    for (let i = 0; i < 5; i++) calls.push((((await settled(toolCalls(N))) - base) / N) * 1000)
    for (let i = 0; i < 9; i++) big.push((await settled(toolBig)) - base)
    return {
      callUs: r3(median(calls)),
      bigMs: r3(median(big)),
      bigBytes: JSON.stringify(rows).length,
    }
  },
  async access() {
    const dir = mkdtempSync(path.join(tmpdir(), 'probe-'))
    const secretFile = path.join(dir, 'secret'),
      writeFile = path.join(dir, 'written')
    writeFileSync(secretFile, 'file-secret-0815')
    let hits = 0
    const server = createServer((_, res) => {
      hits++
      res.end('hello')
    })
    await new Promise((y) => server.listen(0, '127.0.0.1', y))
    const o = { secretFile, writeFile, port: server.address().port }
    const r = await run(a.programs?.access?.(o) ?? access(o), { timeoutMs: 15_000 })
    const said = (r.ok ? r.value : null) ?? {}
    server.close()
    const out = {
      fsRead: said.fsRead === 'file-secret-0815',
      fsWrite: existsSync(writeFile),
      net: hits > 0,
      env: said.env === 'env-secret-4711',
      spawn: said.spawn === 'ok',
      hostProcess: +said.pid === process.pid,
      said: r.ok ? said : r.error,
    }
    rmSync(dir, { recursive: true, force: true })
    return out
  },
}
for (const [k, code] of [...Object.entries(runaway), ...Object.entries(bombs)]) {
  probes[k] = async () => {
    const bomb = k in bombs,
      limit = bomb ? 5000 : 500
    if (a.tools === false && !(k in a.programs)) return null
    await must(prog('trivial'))
    await must(prog('trivial'))
    let gap = 0,
      last = now()
    const tick = setInterval(() => {
      const t = now()
      gap = Math.max(gap, t - last)
      last = t
    }, 5)
    await sleep(50)
    gap = 0
    await reply({ started: k })
    const t = now()
    const r = await run(a.programs?.[k] ?? code, { timeoutMs: limit })
    const took = now() - t
    await sleep(20)
    clearInterval(tick)
    await reply({
      partial: {
        stopped: !r.ok,
        tookMs: r3(took),
        lateMs: r3(took - limit),
        hostBlockedMs: r3(gap),
        said: r.ok ? 'ok?!' : String(r.error).slice(0, 160),
      },
    })
    await sleep(300)
    const c = ticksOf(process.pid)
    await sleep(400)
    const burning = (ticksOf(process.pid) - c) / 40 // share of one core, at 100 Hz
    let usable
    try {
      usable = (await must(prog('trivial'), { timeoutMs: 5000 })) === 2
    } catch {
      usable = false
    }
    return {
      stopped: !r.ok,
      tookMs: r3(took),
      lateMs: r3(took - limit),
      hostBlockedMs: r3(gap),
      said: r.ok ? 'ok?!' : String(r.error).slice(0, 160),
      stillBurning: r3(burning),
      usableAfter: usable,
    }
  }
}

const s0 = now()
let setupMs
try {
  await a.setup?.()
  setupMs = now() - s0
  await reply({ result: await probes[probe]() })
  await Promise.race([a.teardown?.(), sleep(3000)])
} catch (e) {
  await reply({ error: String(e?.stack ?? e).slice(0, 500) })
}
process.exit(0)
