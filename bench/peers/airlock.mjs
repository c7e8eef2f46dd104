// Our own sandbox, both engines, from the built output: node run.mjs --also airlock.mjs --only airlock
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_LIMITS, ProcessSandbox } from '../../dist/harness/index.js'

// The names of this bench for what separates guest and host; bubblewrap without a filter is "kernel" here.
const ISOLATION = { process: 'process', namespaced: 'kernel', kernel: 'kernel' }
const TOOL = 'const tool = (name, args) => tools[name](args);'
const REFILL_MS = 150
const isDescribing = process.argv[4] === 'describe'

const open = (engine) => new ProcessSandbox({ engine, isolation: { minimum: 'best' } })

/** What the host really gives, asked of a running child and only when the table needs it. */
async function describe(engine) {
  if (!isDescribing) return {}
  const sandbox = open(engine)
  try {
    const { level, driver, layers } = await sandbox.probe()
    return {
      isolation: ISOLATION[level],
      note: `level ${level} by ${driver}: ${layers.join(', ')}`,
    }
  } finally {
    await sandbox.close()
  }
}

function words({ ending }) {
  switch (ending.kind) {
    case 'threw':
      return `${ending.error.name}: ${ending.error.message}`
    case 'limit':
      return `limit ${ending.limit}: ${ending.detail}`
    case 'timeout':
      return `timeout: ${ending.detail}`
    default:
      return `${ending.kind}: ${ending.detail ?? ''}`
  }
}

async function adapter(engine) {
  let sandbox
  let nextRun = 0
  return {
    name: `airlock ${engine}`,
    ...(await describe(engine)),
    async setup() {
      sandbox = open(engine)
      await sandbox.probe()
    },
    async run(code, { tools, timeoutMs, memoryMb }) {
      const result = await sandbox.run({
        runId: `bench-${nextRun++}`,
        program: { code: `(async function () { ${TOOL}\n${code}\n})`, hash: '' },
        data: null,
        toolNames: Object.keys(tools),
        limits: { ...DEFAULT_LIMITS, timeoutMs, memoryMb, maxToolCalls: 10_000 },
        determinism: { startTimeMs: Date.now(), seed: '5e'.repeat(32) },
        trustDomain: 'bench',
        async onToolCall({ name, argument }) {
          try {
            return { kind: 'value', value: await tools[name](argument) }
          } catch (error) {
            return {
              kind: 'error',
              message: String(error?.message ?? error),
              code: 'ERR_TOOL_FAILED',
            }
          }
        },
      })
      if (result.ending.kind !== 'returned') return { ok: false, error: words(result) }
      return { ok: true, value: result.ending.value }
    },
    // A single-use process is replaced behind the run: without this the next run pays for it.
    ...(engine === 'v8' && { settle: () => sleep(REFILL_MS) }),
    teardown: () => sandbox.close(),
  }
}

export default [await adapter('quickjs'), await adapter('v8')]
