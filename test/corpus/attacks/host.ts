// The victim: a process that owns the secret and runs programs for strangers. Started detached by
// host-process.ts; argument 1 is the target's name, argument 2 the file of the tools' database.
import type { Execution, HostAnswer, HostFacts, HostQuestion } from './host-messages.ts'
import {
  LIMITS,
  type Target,
  type TargetName,
  type TargetOutcome,
  type TargetRequest,
  type TargetSetting,
  type ToolRun,
} from './target.ts'

const HEARTBEAT_MS = 50
/** Longer than any marker wants to know about. */
const WAIT_MS = LIMITS.timeoutMs + 2_000
const MAX_RESULT = 4 * 1_048_576
const SHARED = [Object, Array, Function, String, Error, Promise].map(({ prototype }) => prototype)

const clean = SHARED.map((prototype) => new Set(Reflect.ownKeys(prototype)))
const toolRuns: ToolRun[] = []
const logs: string[] = []
const errors: string[] = []
let maxGapMs = 0
let lastBeat = performance.now()

process.on('uncaughtException', (error) => errors.push(`uncaught exception: ${String(error)}`))
process.on('unhandledRejection', (error) => errors.push(`unhandled rejection: ${String(error)}`))
// The supervisor is gone, so nobody would end this process.
process.on('disconnect', () => process.exit(0))

setInterval(() => {
  const now = performance.now()
  maxGapMs = Math.max(maxGapMs, now - lastBeat - HEARTBEAT_MS)
  lastBeat = now
}, HEARTBEAT_MS)

const target = await openTarget(process.argv[2] as TargetName, {
  databaseFile: process.argv[3] ?? '',
  secret: process.env['CANARY_SECRET'] ?? '',
  toolRuns,
  log: (line) => logs.push(line),
})

process.on('message', (message) => {
  const question = message as HostQuestion
  answer(question).then(
    (value) => reply({ kind: 'answer', id: question.id, value }),
    (error: unknown) => errors.push(`host failed: ${String(error)}`),
  )
})
reply({ kind: 'ready' })

async function openTarget(name: TargetName, setting: TargetSetting): Promise<Target> {
  if (name === 'broken') {
    const { BrokenSandbox } = await import('./broken-sandbox.ts')
    return new BrokenSandbox(setting)
  }
  const { openProduct } = await import('./product-target.ts')
  return openProduct(setting, name)
}

async function answer(question: HostQuestion): Promise<unknown> {
  switch (question.kind) {
    case 'start-case':
      toolRuns.length = logs.length = errors.length = 0
      maxGapMs = 0
      lastBeat = performance.now()
      return null
    case 'execute':
      return execute(question.request)
    case 'collect': {
      const late = performance.now() - lastBeat - HEARTBEAT_MS
      const facts: HostFacts = {
        maxGapMs: Math.round(Math.max(maxGapMs, late)),
        errors: [...errors],
        polluted: pollutedKeys(),
        toolRuns: toolRuns.slice(0, 25_000),
        logs: [...logs],
      }
      return facts
    }
    case 'isolation':
      return target.isolation()
  }
}

async function execute(request: TargetRequest): Promise<Execution> {
  const started = performance.now()
  let settledAt: number | null = null
  const run = target
    .run(request)
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    .finally(() => {
      settledAt = performance.now()
    })
  const ended = await Promise.race([
    run,
    new Promise<null>((done) => setTimeout(done, WAIT_MS, null)),
  ])
  if (ended === null || settledAt === null) return { settledMs: null, settledAt: null, trace: null }
  const times = { settledMs: Math.round(settledAt - started), settledAt }
  if (ended instanceof Error) {
    const { name, message } = ended
    const code = 'code' in ended ? String(ended.code) : null
    const thrown = { name, code, message: message.slice(0, 1_000_000) }
    return { ...times, thrown, httpStatus: target.httpStatus(ended), trace: null }
  }
  const trace = await target.trace(ended.runId, request.tenantId)
  return { ...times, outcome: bounded(ended), httpStatus: target.httpStatus(ended), trace }
}

/** A result that should never have been so large would only keep the supervisor busy. */
function bounded(outcome: TargetOutcome): TargetOutcome {
  const text = JSON.stringify(outcome.result) ?? ''
  return text.length <= MAX_RESULT ? outcome : { ...outcome, result: text.slice(0, MAX_RESULT) }
}

function pollutedKeys(): string[] {
  return SHARED.flatMap((prototype, index) =>
    Reflect.ownKeys(prototype)
      .filter((key) => !clean[index]?.has(key))
      .map(String),
  )
}

function reply(message: HostAnswer): void {
  process.send?.(message)
}
