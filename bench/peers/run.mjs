// node run.mjs [--only part-of-name,...] [--also path/to/adapter.mjs] [--probes perf,memory,...] [--out results] [--quick] [--table] [--list]
// Runs every probe of every adapter in its own process, watched from outside; writes one JSON per adapter, prints the table.
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killTree, rssOf } from './lib/proc.mjs'

const { values: opt } = parseArgs({
  options: {
    only: { type: 'string' },
    also: { type: 'string', multiple: true },
    probes: { type: 'string' },
    out: { type: 'string', default: 'results' },
    quick: { type: 'boolean' },
    table: { type: 'boolean' },
    list: { type: 'boolean' },
  },
})
const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
// Where the repository and Node lie is nobody's business in figures that are passed on.
const places = [root, path.dirname(process.execPath)]
const asText = (value) =>
  places.reduce((text, place) => text.replaceAll(place, '.'), `${JSON.stringify(value, null, 1)}\n`)
const ALL = [
  'perf',
  'memory',
  'cpu',
  'tool',
  'access',
  'sync-loop',
  'microtask-loop',
  'never-settles',
  'array-bomb',
  'buffer-bomb',
]
const GUARD = 3 * 2 ** 30 // a bomb that takes the tree past this is stopped from here and counts as not contained
const slug = (s) =>
  s
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

function probe(file, index, name, nodeArgs = [], limitMs = 90_000) {
  return new Promise((resolve) => {
    const child = fork(
      path.join(here, 'probe.mjs'),
      [file, index, name, opt.quick ? 'quick' : 'full'],
      {
        execArgv: ['--expose-gc', ...nodeArgs],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    const out = {}
    let peak = 0,
      killed = null,
      started = 0,
      err = ''
    child.stderr.on('data', (d) => {
      err = (err + d).slice(-400)
    })
    const watch = setInterval(() => {
      const rss = rssOf(child.pid)
      if (started || name === 'perf') peak = Math.max(peak, rss)
      const cap = started ? Math.min(limitMs, started + 12_000) : limitMs
      if (!killed && (rss > GUARD || Date.now() - t0 > cap)) {
        killed = rss > GUARD ? 'guard: past 3 GiB' : started ? 'guard: hung' : 'guard: too slow'
        killTree(child.pid)
      }
    }, 50)
    const t0 = Date.now()
    child.on('message', (m) => {
      if (m.started) started = Date.now() - t0
      else Object.assign(out, Array.isArray(m) ? { result: m } : m)
    })
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      const peakMb = Math.round(peak / 2 ** 20)
      if ('result' in out)
        return resolve(
          out.result && !Array.isArray(out.result)
            ? { ...out.result, ...(started ? { peakMb } : {}) }
            : out.result,
        )
      const died = `host process died: ${signal ?? code} ${err.trim().split('\n').slice(-3).join(' | ')}`
      resolve({
        ...out.partial,
        error: killed ?? out.error ?? died,
        hostDied: !out.error,
        guard: killed,
        peakMb,
      })
    })
  })
}

const yes = (b) => (b ? 'OPEN' : 'no')
const runaway = (p) =>
  !p
    ? '–'
    : p.error && !('stopped' in p)
      ? p.guard
        ? p.guard.includes('hung')
          ? 'HUNG'
          : '>3 GiB'
        : p.hostDied
          ? 'HOST DIED'
          : 'err'
      : `${p.stopped ? (p.lateMs < -50 ? 'early' : (p.lateMs > 0 ? '+' : '') + Math.round(p.lateMs)) : 'NO'}${p.hostDied ? ' then DIED' : ''}${p.hostBlockedMs > 200 ? ' blk' : ''}${p.stillBurning > 0.5 ? ' burns' : ''}${p.usableAfter === false ? ' unusable' : ''}`
const bomb = (p) =>
  !p
    ? '–'
    : p.error && !('stopped' in p)
      ? p.guard
        ? p.guard.includes('hung')
          ? 'HUNG'
          : 'NO >3 GiB'
        : p.hostDied
          ? 'HOST DIED'
          : 'err'
      : `${p.hostDied ? 'DIED ' : /timed?[ _-]?out|execution time/i.test(p.said ?? '') ? 'time ' : p.peakMb > 800 ? 'over ' : 'ok '}${(p.tookMs / 1000).toFixed(1)}s ${p.peakMb}M${p.usableAfter === false ? ' unusable' : ''}`

function table(results) {
  const base = results.find((r) => r.name.startsWith('direct'))?.cpu?.sumMs
  const head = [
    'adapter',
    'isolation',
    'first ms',
    'p50 ms',
    'p95',
    'p99',
    'exec/s c=4',
    'RSS MB',
    'PSS MB',
    'CPU ms',
    '× direct',
    'tool µs',
    '1 MB ms',
    'sync loop',
    'µtask loop',
    'never settles',
    'array bomb',
    'buffer bomb',
    'fs r',
    'fs w',
    'net',
    'env',
    'spawn',
    'in host',
  ]
  const body = results.map((r) => {
    const f = (x) => (x === undefined || x === null ? '–' : String(x))
    const ac =
      r.access && !r.access.error
        ? [
            r.access.fsRead,
            r.access.fsWrite,
            r.access.net,
            r.access.env,
            r.access.spawn,
            r.access.hostProcess,
          ].map(yes)
        : Array(6).fill('?')
    return [
      r.name,
      r.isolation,
      f(r.perf?.firstMs),
      f(r.perf?.latencyMs?.p50),
      f(r.perf?.latencyMs?.p95),
      f(r.perf?.latencyMs?.p99),
      f(r.perf?.throughputPerS),
      f(r.memory?.rssMb),
      f(r.memory?.pssMb),
      f(r.cpu?.sumMs),
      r.cpu?.sumMs && base ? (r.cpu.sumMs / base).toFixed(2) : '–',
      f(r.tool?.callUs),
      f(r.tool?.bigMs),
      runaway(r['sync-loop']),
      runaway(r['microtask-loop']),
      runaway(r['never-settles']),
      bomb(r['array-bomb']),
      bomb(r['buffer-bomb']),
      ...ac,
    ]
  })
  return [head, head.map(() => '---'), ...body].map((c) => `| ${c.join(' | ')} |`).join('\n')
}

mkdirSync(opt.out, { recursive: true })
if (!opt.table) {
  const only = opt.only?.split(','),
    chosen = opt.probes?.split(',') ?? ALL
  const files = readdirSync(path.join(here, 'adapters'))
    .filter((n) => n.endsWith('.mjs'))
    .sort()
    .map((n) => path.join(here, 'adapters', n))
  for (const file of [...files, ...(opt.also ?? []).map((n) => path.resolve(n))]) {
    const f = path.basename(file)
    const list = await probe(file, 0, 'describe')
    if (!Array.isArray(list)) {
      const isMissing = list.error.includes('ERR_MODULE_NOT_FOUND')
      console.error(`${f}: ${isMissing ? 'not installed' : `cannot load: ${list.error}`}`)
      continue
    }
    for (const [i, d] of list.entries()) {
      if (only && !only.some((o) => d.name.includes(o))) continue
      if (opt.list) {
        console.log(`${f}\t${d.name}\t${d.isolation}`)
        continue
      }
      const to = path.join(opt.out, `${slug(d.name)}.json`)
      const result = existsSync(to) ? JSON.parse(readFileSync(to, 'utf8')) : {}
      Object.assign(result, {
        name: d.name,
        isolation: d.isolation,
        note: d.note,
        node: process.version,
        cores: os.cpus().length,
        date: new Date().toISOString(),
      })
      for (const p of chosen) {
        const t = Date.now()
        result[p] = d.unkillable && ALL.indexOf(p) >= 5 ? null : await probe(file, i, p, d.nodeArgs)
        console.error(
          `${d.name}: ${p} ${((Date.now() - t) / 1000).toFixed(1)} s ${JSON.stringify(result[p])?.slice(0, 260)}`,
        )
        writeFileSync(to, asText(result))
      }
    }
  }
}
if (!opt.list) {
  const results = readdirSync(opt.out)
    .filter((n) => n.endsWith('.json') && n !== 'all.json' && n !== 'floor.json')
    .map((n) => JSON.parse(readFileSync(path.join(opt.out, n), 'utf8')))
  const order = { none: 0, language: 1, wasm: 2, process: 3, kernel: 4 }
  results.sort(
    (x, y) =>
      order[x.isolation] - order[y.isolation] ||
      (x.perf?.latencyMs?.p50 ?? 1e9) - (y.perf?.latencyMs?.p50 ?? 1e9),
  )
  writeFileSync(path.join(opt.out, 'all.json'), asText(results))
  console.log(table(results))
}
