import { DEFAULT_LIMITS, type ResourceLimits, type Sandbox } from '../../harness/index.ts'

/** One limit, and what happened to a program that did not keep it. */
export interface MeasuredLimit {
  /** What the program did. */
  readonly attempt: string
  readonly limit: string
  /** Whether it was stopped as it should have been. */
  readonly holds: boolean
  /** How it ended: the kind, and for limits which. */
  readonly ending: string
  readonly wallMs: number
  readonly peakMemoryMb: number
}

interface Attempt {
  readonly name: string
  readonly code: string
  readonly limits: Partial<ResourceLimits>
  readonly ending: string
}

const MIB = 1_048_576
// The machine may be busy; whoever is later than that was not stopped by the limit.
const LATE_MS = 1_000

const ATTEMPTS: readonly Attempt[] = [
  {
    name: 'an endless loop',
    code: '(async () => { for (;;); })',
    limits: { timeoutMs: 250 },
    ending: 'timeout',
  },
  {
    name: 'a regular expression without end',
    code: '(async () => /^(a+)+$/.test("a".repeat(64) + "b"))',
    limits: { timeoutMs: 250 },
    ending: 'timeout',
  },
  {
    name: 'lists without end',
    code: '(async () => { const all = []; for (;;) all.push(new Array(1e5).fill(1)) })',
    limits: { memoryMb: 64, timeoutMs: 5_000 },
    ending: 'limit memoryMb',
  },
  {
    name: 'a result that is too large',
    code: '(async () => "x".repeat(200000))',
    limits: { maxOutputBytes: 100_000 },
    ending: 'limit maxOutputBytes',
  },
]

/** Lets programs run into limits, one after the other, and measures what stops them. */
export async function measureLimits(sandbox: Sandbox): Promise<MeasuredLimit[]> {
  const measured: MeasuredLimit[] = []
  for (const attempt of ATTEMPTS) measured.push(await measure(sandbox, attempt))
  return measured
}

async function measure(sandbox: Sandbox, attempt: Attempt): Promise<MeasuredLimit> {
  const limits = { ...DEFAULT_LIMITS, ...attempt.limits }
  const { ending, usage } = await sandbox.run({
    runId: 'doctor',
    program: { code: attempt.code, hash: '' },
    data: null,
    toolNames: [],
    limits,
    determinism: { startTimeMs: 0, seed: '00'.repeat(32) },
    onToolCall: async () => ({ kind: 'stop' }),
  })
  const seen = ending.kind === 'limit' ? `limit ${ending.limit}` : ending.kind
  const [[name, value] = ['', 0]] = Object.entries(attempt.limits)
  return {
    attempt: attempt.name,
    limit: `${name} ${value}`,
    holds: seen === attempt.ending && usage.wallMs < limits.timeoutMs + LATE_MS,
    ending: seen,
    wallMs: Math.round(usage.wallMs),
    peakMemoryMb: Math.round(usage.peakMemoryBytes / MIB),
  }
}
