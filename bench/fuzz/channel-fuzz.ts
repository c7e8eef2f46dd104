import type { IsolationFacts, JsonValue } from '../../harness/index.ts'
import type { RuntimeFiles } from '../../harness/sandbox/isolation/runtime-files.ts'
import type { SandboxRequest, SandboxResult } from '../../harness/sandbox/sandbox.ts'
import { asBytes, GRANTED, honestConversation, type Said } from './conversation.ts'
import { type ChildBehaviour, FakeProcess } from './fake-process.ts'
import { hostileBytes } from './mutations.ts'
import { Random } from './random.ts'

/** The host's end of the channel: the classes under test, from the sources or from the built package. */
export interface HostEnd {
  readonly SandboxProcess: typeof import('../../harness/sandbox/sandbox-process.ts').SandboxProcess
  readonly SandboxRun: typeof import('../../harness/sandbox/sandbox-run.ts').SandboxRun
  readonly WorkerPool: typeof import('../../harness/sandbox/worker-pool.ts').WorkerPool
}

/** What is sent. */
export interface FuzzOptions {
  /** How many conversations, each with one malformed stretch. */
  readonly count: number
  readonly seed: number
  /** The first conversation; for having a finding again. Default 0. */
  readonly first?: number
  /** Called now and then with the number of conversations so far. */
  readonly onProgress?: (done: number) => void
}

/** What came of it. */
export interface FuzzReport {
  readonly conversations: number
  /** How often the program of a hostile child ended in each way. */
  readonly endings: Readonly<Record<string, number>>
  /** Calls that left a hostile child and were let through: granted ones, in order. */
  readonly toolCalls: number
  /** Programs of honest children that ran on the same pool, and how many ended as they should. */
  readonly honest: { readonly ran: number; readonly right: number }
  /** Programs that waited in the very process that was subverted, by how they ended. */
  readonly neighbours: Readonly<Record<string, number>>
  /** Everything that must not happen, with the number of its conversation. Empty when all is well. */
  readonly problems: readonly string[]
}

const PROGRESS_EVERY = 1_000
const NEIGHBOUR_EVERY = 8
const HONEST_EVERY = 20
// The pool rests after a start that failed, so there are few of these.
const BROKEN_START_EVERY = 100
const LONGEST_MS = 5_000
const MAX_PROBLEMS = 20

const LIMITS = {
  timeoutMs: LONGEST_MS,
  cpuMs: LONGEST_MS,
  memoryMb: 64,
  maxOutputBytes: 2_048,
  maxConsoleBytes: 1_024,
  maxToolCalls: 5,
  maxToolCallsInFlight: 2,
  maxProgramBytes: 1_024,
  maxToolArgumentBytes: 4_096,
  maxMessageBytes: 8_192,
}

const FACTS: IsolationFacts = {
  level: 'process',
  engine: 'quickjs',
  driver: 'fuzz',
  layers: [],
  missing: [],
}

const ENDINGS: readonly string[] = [
  'returned',
  'threw',
  'bad-output',
  'timeout',
  'limit',
  'violation',
  'crashed',
]

/**
 * Lets subverted children talk to a real pool over channels in memory: mutated conversations, random
 * bytes, forged endings, cut at every place. Each conversation is its own process.
 */
export async function fuzzChannel(host: HostEnd, options: FuzzOptions): Promise<FuzzReport> {
  const fuzz = new ChannelFuzz(host)
  const { count, seed, first = 0, onProgress } = options
  const note = (error: unknown): void => {
    fuzz.problem(`uncaught: ${error instanceof Error ? error.stack : String(error)}`)
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  try {
    for (let i = first; i < first + count; i++) {
      await fuzz.converse(i, new Random(Math.imul(seed + 1, 0x9e3779b1) + i))
      if (i % PROGRESS_EVERY === 0) onProgress?.(i - first)
    }
    return await fuzz.close()
  } finally {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  }
}

interface Script {
  readonly random: Random
  /** Whether the first process of the conversation does not get ready. */
  readonly isStartBroken: boolean
  /** Processes that were started for it. */
  starts: number
}

class ChannelFuzz {
  readonly #host: HostEnd
  readonly #pool: InstanceType<HostEnd['WorkerPool']>
  readonly #endings: Record<string, number> = {}
  readonly #neighbours: Record<string, number> = {}
  readonly #problems: string[] = []
  #script: Script | null = null
  #index = 0
  #toolCalls = 0
  #ran = 0
  #right = 0

  constructor(host: HostEnd) {
    this.#host = host
    this.#pool = new host.WorkerPool({
      start: () => this.#start(),
      isReusable: true,
      options: { min: 0, max: 4, maxQueued: 64, maxRunsAtOnce: 8, maxRuns: 1_000, idleMs: 60_000 },
      listener: { onAnomaly: () => undefined },
    })
  }

  problem(what: string): void {
    if (this.#problems.length < MAX_PROBLEMS) {
      this.#problems.push(`conversation ${this.#index}: ${what}`)
    }
  }

  /** One hostile child and its program; sometimes with a neighbour, sometimes with an honest one after. */
  async converse(index: number, random: Random): Promise<void> {
    this.#index = index
    const hasNeighbour = index % NEIGHBOUR_EVERY === 0
    const isStartBroken = !hasNeighbour && index % BROKEN_START_EVERY === 1
    this.#script = { random, isStartBroken, starts: 0 }
    const domain = hasNeighbour ? `domain-${index}` : null
    const gate = Promise.withResolvers<void>()
    const neighbour = hasNeighbour ? this.#honest(domain, gate.promise) : null
    if (neighbour !== null) await neighbour.waiting
    await this.#hostile(domain)
    gate.resolve()
    if (neighbour !== null) {
      const ending = await neighbour.outcome
      this.#neighbours[ending] = (this.#neighbours[ending] ?? 0) + 1
    }
    this.#script = null
    if (index % HONEST_EVERY === 0) await this.#control()
  }

  async close(): Promise<FuzzReport> {
    await this.#pool.close()
    return {
      conversations: Object.values(this.#endings).reduce((sum, count) => sum + count, 0),
      endings: this.#endings,
      toolCalls: this.#toolCalls,
      honest: { ran: this.#ran, right: this.#right },
      neighbours: this.#neighbours,
      problems: this.#problems,
    }
  }

  #start(): ReturnType<HostEnd['SandboxProcess']['start']> {
    const behaviour = this.#behaviour(this.#script)
    const spawner = { spawn: async () => new FakeProcess(behaviour), close: async () => undefined }
    const plan = { command: '', args: [], reportsPid: false, seal: null }
    const driver = { name: 'fuzz', plan: () => plan }
    const files = { engine: { name: 'v8' }, entry: '/nowhere' } as unknown as RuntimeFiles
    return this.#host.SandboxProcess.start(spawner, driver, files)
  }

  /** Speaks honestly for programs that say so, and turns on the host for the others. */
  #behaviour(script: Script | null): ChildBehaviour {
    const stretches = new Map<unknown, readonly (readonly Said[])[]>()
    return (child, message, payload) => {
      const { run } = message
      switch (message['type']) {
        case 'boot':
          return sayReady(child, script)
        case 'run':
          if (message['code'] === 'honest') return askForEcho(child, run, payload)
          if (script === null) return child.exit()
          stretches.set(run, honestConversation(script.random, Number(run)))
          return this.#speak(child, script.random, stretches.get(run) ?? [])
        case 'answer': {
          const rest = stretches.get(run)?.slice(1)
          if (rest === undefined || script === null) return returnValue(child, run, payload)
          stretches.set(run, rest)
          return this.#speak(child, script.random, rest)
        }
      }
    }
  }

  #speak(child: FakeProcess, random: Random, stretches: readonly (readonly Said[])[]): void {
    const [stretch = []] = stretches
    // The later it turns hostile, the further the host has come.
    const isHostile = stretches.length <= 1 || random.oneIn(2)
    const bytes = isHostile ? hostileBytes(random, stretch) : asBytes(stretch)
    child.send(...pieces(random, bytes))
    // A child that says too little is not waited for: it ends like one that has crashed.
    if (isHostile) setImmediate(() => child.exit())
  }

  async #hostile(domain: string | null): Promise<void> {
    let next = 0
    const result = await this.#run('hostile', domain, async ({ seq, name, argument }) => {
      this.#toolCalls++
      if (!GRANTED.includes(name)) this.problem(`a tool that is not granted was called: ${name}`)
      if (seq !== next++) this.problem(`call ${seq} came instead of ${next - 1}`)
      if (next > LIMITS.maxToolCalls) this.problem('more calls than allowed were let through')
      const text = JSON.stringify(argument)
      if (Buffer.byteLength(text) > LIMITS.maxToolArgumentBytes)
        this.problem('an argument is too large')
      if (isDeep(text)) this.problem('an argument is nested too deeply')
      return { kind: 'value', value: seq }
    })
    const kind = result === null ? 'not started' : result.ending.kind
    this.#endings[kind] = (this.#endings[kind] ?? 0) + 1
    if (result === null) {
      if (this.#script?.isStartBroken !== true) this.problem('a program was not started')
      return
    }
    if (!ENDINGS.includes(kind)) this.problem(`ended as ${kind}`)
    const { ending } = result
    const value = ending.kind === 'returned' ? JSON.stringify(ending.value) : ''
    if (Buffer.byteLength(value) > LIMITS.maxOutputBytes) this.problem('a value is too large')
    if (isDeep(value)) this.problem('a value is nested too deeply')
    if (kind === 'timeout') this.problem('the host waited for a child that was gone')
    const bytes = result.console.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    if (bytes > LIMITS.maxConsoleBytes + 64) this.problem('more console output than allowed')
  }

  /** A program of a child that is honest to it, and that waits in a tool. */
  #honest(
    domain: string | null,
    gate: Promise<void>,
  ): { readonly waiting: Promise<void>; readonly outcome: Promise<string> } {
    const waiting = Promise.withResolvers<void>()
    let calls = 0
    const finished = this.#run('honest', domain, async ({ name, argument }) => {
      if (name !== 'echo' || ++calls > 1) this.problem(`the honest program called ${name} again`)
      waiting.resolve()
      await gate
      return { kind: 'value', value: argument }
    })
    const outcome = finished.then((result): string => {
      waiting.resolve()
      if (result === null) return 'not started'
      const { ending } = result
      // Its process may be blamed and lost; another value than its own is never believed.
      if (ending.kind === 'returned' && ending.value !== `honest ${this.#index}`) {
        this.problem(`an honest program returned ${JSON.stringify(ending.value)}`)
      }
      if (ending.kind === 'timeout') this.problem('an honest program was forgotten')
      return ending.kind
    })
    return { waiting: waiting.promise, outcome }
  }

  /** The pool still works: an honest program in a process of its own is never harmed. */
  async #control(): Promise<void> {
    this.#ran++
    const { outcome } = this.#honest(`control-${this.#index % 3}`, Promise.resolve())
    const ending = await outcome
    if (ending === 'returned') this.#right++
    else this.problem(`an honest program in a process of its own ended as ${ending}`)
  }

  /** `null` when no process got ready for the program. */
  async #run(
    code: string,
    domain: string | null,
    onToolCall: SandboxRequest['onToolCall'],
  ): Promise<SandboxResult | null> {
    const data: JsonValue = `honest ${this.#index}`
    const request: SandboxRequest = {
      runId: `fuzz-${this.#index}`,
      program: { code, hash: '' },
      data,
      toolNames: GRANTED,
      limits: LIMITS,
      determinism: { startTimeMs: 0, seed: '00'.repeat(32) },
      ...(domain !== null && { trustDomain: domain }),
      onToolCall,
    }
    const run = new this.#host.SandboxRun(request, JSON.stringify(data), FACTS)
    this.#pool.submit(run, domain)
    return run.result.catch(() => null)
  }
}

function sayReady(child: FakeProcess, script: Script | null): void {
  const refused = { file: 'EACCES', network: 'EPERM', process: 'EPERM' }
  const ready = [{ header: { type: 'ready', isSealed: false, selfTest: refused } }]
  if (script?.isStartBroken !== true || script.starts++ > 0) return child.send(asBytes(ready))
  child.send(...pieces(script.random, hostileBytes(script.random, ready)))
  setImmediate(() => child.exit())
}

const USAGE = { cpuUs: 1, memoryBytes: 1 }

function askForEcho(child: FakeProcess, run: unknown, data: string): void {
  const call = { header: { type: 'call', run, seq: 0, name: 'echo' }, payload: data }
  child.send(asBytes([call, { header: { type: 'parked', run, wakeInMs: null, usage: USAGE } }]))
}

function returnValue(child: FakeProcess, run: unknown, value: string): void {
  child.send(asBytes([{ header: { type: 'returned', run, usage: USAGE }, payload: value }]))
}

/** Whether JSON opens more brackets in a row than may ever cross. */
function isDeep(text: string): boolean {
  return /(?:\[|\{"a":){301}/.test(text)
}

/** Cuts bytes: not at all, once, at several places, or everywhere. */
function pieces(random: Random, bytes: Buffer): Buffer[] {
  const cuts = random.pick([0, 1, 5, bytes.length > 400 ? 9 : bytes.length])
  const places = Array.from({ length: cuts }, (_, i) =>
    cuts === bytes.length ? i : random.below(bytes.length + 1),
  ).sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end))
}
