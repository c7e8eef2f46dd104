// npm run fuzz:channel -- [--count 1000000] [--seed 1] [--first 0]
// Malformed frames against the host's end of the channel, as it is shipped. Anything that must not
// happen makes the exit code 1; a finding is had again with its number: --first <number> --count 1.
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { built } from './built.ts'
import { fuzzChannel, type HostEnd } from './fuzz/channel-fuzz.ts'

const MIB = 1024 * 1024
const MAX_GROWTH_MB = 30
// By then caches are filled and the code is compiled: what comes later is growth.
const WARM_UP = 0.1

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      first: { type: 'string', default: '0' },
    },
  })
  const count = Number(values.count)
  const samples: number[] = []
  const started = performance.now()
  const report = await fuzzChannel(await builtHostEnd(), {
    count,
    seed: Number(values.seed),
    first: Number(values.first),
    onProgress: (done) => {
      if (done < WARM_UP * count) return
      collectGarbage()
      samples.push(process.memoryUsage().heapUsed, process.memoryUsage.rss())
    },
  })
  const [firstHeap = 0, firstResident = 0] = samples
  const [lastHeap = 0, lastResident = 0] = samples.slice(-2)
  const growth = {
    heapMb: Math.round((lastHeap - firstHeap) / MIB),
    residentMb: Math.round((lastResident - firstResident) / MIB),
  }
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(JSON.stringify({ ...report, growth, seconds }, null, 2))
  const isFlat = growth.heapMb <= MAX_GROWTH_MB && growth.residentMb <= MAX_GROWTH_MB
  return report.problems.length === 0 && isFlat ? 0 : 1
}

async function builtHostEnd(): Promise<HostEnd> {
  const { SandboxProcess } = await built<typeof import('../harness/sandbox/sandbox-process.ts')>(
    'harness/sandbox/sandbox-process.js',
  )
  const { SandboxRun } = await built<typeof import('../harness/sandbox/sandbox-run.ts')>(
    'harness/sandbox/sandbox-run.js',
  )
  const { WorkerPool } = await built<typeof import('../harness/sandbox/worker-pool.ts')>(
    'harness/sandbox/worker-pool.js',
  )
  return { SandboxProcess, SandboxRun, WorkerPool }
}

process.exitCode = await main()
