import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HOST_STACK_KB } from '../harness/sandbox/child/engine-stack.ts'
import { QuickJsEngine } from '../harness/sandbox/child/quickjs-engine.ts'
import { kernel } from './peers/lib/programs.mjs'

/*
 * What the QuickJS engine costs by itself, without a process or a channel around it.
 *
 *   node bench/quickjs-realm.ts [flags of Node that are added]
 *
 * CPU time is that of the whole process, all threads: on a busy machine it says more than the clock.
 */
const FLAGS = [`--stack-size=${HOST_STACK_KB}`, '--expose-gc', '--single-threaded-gc']
const MIB = 1024 * 1024
const RUNS = 5_000
const TOOL_CALLS = 20_000

const settings = JSON.stringify({
  tools: ['echo'],
  maxOutputBytes: MIB,
  maxConsoleBytes: MIB,
  maxToolArgumentBytes: 16 * MIB,
})

interface Row {
  readonly [column: string]: string | number
}

/** CPU time of this thread so far, in ms. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const round = (value: number): number => Number(value.toPrecision(3))

function timing(samplesMs: readonly number[]): Row {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  const at = (part: number): number => round(sorted[Math.floor(sorted.length * part)] ?? 0)
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), mean: round(mean) }
}

function loadEngine(): Promise<QuickJsEngine> {
  const root = dirname(fileURLToPath(import.meta.resolve('quickjs-wasi/package.json')))
  const read = (...path: string[]) => new Uint8Array(readFileSync(join(root, ...path)))
  return QuickJsEngine.load({
    engine: read('quickjs.wasm'),
    encoding: read('extensions', 'encoding', 'encoding.so'),
  })
}

const calls: string[] = []
let ending = ''
const host = {
  memoryBytes: 256 * MIB,
  wallClockMs: () => Date.now(),
  elapsedMs: usedMs,
  onTick: () => undefined,
  call: (operation: string, text: string): string => {
    if (operation === 'random.words') return '[1,2,3]'
    if (operation.startsWith('tool.')) calls.push(text)
    if (operation.startsWith('end.')) ending = text
    return ''
  },
}

/** A realm for one program from before it is made until after it is gone, in milliseconds. */
async function realms(engine: QuickJsEngine): Promise<void> {
  const parts: Record<string, number[]> = { prepare: [], create: [], run: [], dispose: [] }
  const cpu = process.cpuUsage()
  const residentBefore = process.memoryUsage.rss()
  for (let i = 0; i < RUNS; i++) {
    const times = [performance.now()]
    await engine.prepare()
    times.push(performance.now())
    const realm = await engine.createRealm(host)
    times.push(performance.now())
    realm.start('{}', settings)
    realm.begin('(async () => 1 + 1)', 'program.js')
    realm.drain()
    times.push(performance.now())
    realm.dispose()
    times.push(performance.now())
    Object.values(parts).forEach((part, at) => {
      part.push((times[at + 1] ?? 0) - (times[at] ?? 0))
    })
  }
  const { user, system } = process.cpuUsage(cpu)
  console.log(`\n${RUNS} realms, ms`)
  console.table(Object.fromEntries(Object.entries(parts).map(([name, ms]) => [name, timing(ms)])))
  console.log(
    `CPU per realm ${round((user + system) / RUNS / 1000)} ms, of it ${round(system / RUNS / 1000)} in the system;`,
    `resident ${Math.round(residentBefore / MIB)} MiB before, ${Math.round(process.memoryUsage.rss() / MIB)} after`,
  )
}

/** Tool calls that are answered at once: what is left is the engine's part of a round trip. */
async function toolCalls(engine: QuickJsEngine): Promise<void> {
  const answered = async (count: number, answer: string | null): Promise<number> => {
    const realm = await engine.createRealm(host)
    realm.start('{}', settings)
    const body = `for (let i = 0; i < ${count}; i++) await tools.echo({ i })`
    const before = usedMs()
    realm.begin(`(async () => { ${body}; return 1 })`, 'program.js')
    realm.drain()
    for (let seq = 0; calls.length > 0; seq++) {
      realm.settle(seq, true, answer ?? calls[0] ?? '')
      calls.length = 0
      realm.drain()
      realm.nextTimerMs()
      realm.pendingCalls()
    }
    const tookMs = usedMs() - before
    realm.dispose()
    return tookMs / count
  }
  const parsed = async (text: string): Promise<number> => {
    const realm = await engine.createRealm(host)
    realm.start(JSON.stringify(text), settings)
    const body = `const t = performance.now(); for (let i = 0; i < 10; i++) JSON.parse(data);
      return (performance.now() - t) / 10`
    realm.begin(`(async () => { ${body} })`, 'program.js')
    realm.drain()
    realm.dispose()
    return Number(ending)
  }
  const rows = Array.from({ length: 9_000 }, (_, id) => ({
    id,
    name: `customer-${id}`,
    tags: ['a'],
  }))
  const big = JSON.stringify([rows, rows])
  console.log('\ntool calls, CPU of the thread')
  await answered(TOOL_CALLS, null)
  console.table({
    'small answer, µs': { took: round((await answered(TOOL_CALLS, null)) * 1000) },
    [`${round(big.length / 1e6)} MB answer, ms`]: {
      took: round(await answered(10, big)),
      'JSON.parse of it': round(await parsed(big)),
    },
  })
}

/** The compute kernel of the peers' bench against the same text in Node, in ms of this thread's CPU. */
async function compute(engine: QuickJsEngine): Promise<void> {
  const AsyncFunction = (async () => undefined).constructor as new (
    body: string,
  ) => () => Promise<unknown>
  const best = async (run: () => Promise<void>): Promise<number> => {
    const samples: number[] = []
    for (let i = 0; i < 4; i++) {
      const before = usedMs()
      await run()
      samples.push(usedMs() - before)
    }
    return samples.toSorted((a, b) => a - b)[1] ?? 0
  }
  const table: Record<string, Row> = {}
  const total = { quickjs: 0, node: 0 }
  for (const [name, text] of Object.entries<string>(kernel)) {
    const direct = new AsyncFunction(text)
    const node = await best(async () => void (await direct()))
    const quickjs = await best(async () => {
      const realm = await engine.createRealm(host)
      realm.start('{}', settings)
      realm.begin(`(async () => {${text}})`, 'program.js')
      realm.drain()
      realm.dispose()
    })
    total.quickjs += quickjs
    total.node += node
    table[name] = { quickjs: round(quickjs), node: round(node), ratio: round(quickjs / node) }
  }
  table['all'] = {
    quickjs: round(total.quickjs),
    node: round(total.node),
    ratio: round(total.quickjs / total.node),
  }
  console.log('\ncompute kernel, ms of CPU')
  console.table(table)
}

if (process.argv[2] === 'measure') {
  const startedAt = performance.now()
  const engine = await loadEngine()
  console.log(`loaded in ${round(performance.now() - startedAt)} ms, Node ${process.version}`)
  await realms(engine)
  await toolCalls(engine)
  await compute(engine)
} else {
  const args = [...FLAGS, ...process.argv.slice(2), import.meta.filename, 'measure']
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
}
