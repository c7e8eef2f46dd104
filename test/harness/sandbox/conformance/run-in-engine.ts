import { readFileSync } from 'node:fs'
import {
  GuestException,
  type Realm,
  type RealmHost,
} from '../../../../harness/sandbox/child/engine.ts'
import type { ReportedError } from '../../../../harness/sandbox/child/guest-error.ts'
import { IntlBridge } from '../../../../harness/sandbox/child/intl-bridge.ts'
import { QuickJsEngine } from '../../../../harness/sandbox/child/quickjs-engine.ts'
import { RandomSource } from '../../../../harness/sandbox/child/random-source.ts'
import { urlBridge } from '../../../../harness/sandbox/child/url-bridge.ts'
import { V8Realm } from '../../../../harness/sandbox/child/v8-realm.ts'

/** An engine as these tests drive it: in this very process. */
export interface EngineUnderTest {
  readonly name: 'quickjs' | 'v8'
  createRealm(host: RealmHost): Promise<Realm>
}

/** What a program is given. */
export interface ProgramOptions {
  readonly data?: unknown
  readonly tools?: readonly string[]
  readonly maxConsoleBytes?: number
  readonly maxOutputBytes?: number
  readonly memoryBytes?: number
  readonly startTimeMs?: number
  readonly seed?: string
  /** Answers a tool call with JSON text. Without it the tool `fail` fails, any other is an echo. */
  readonly onToolCall?: (name: string, argument: string) => string
}

/** What became of a program. */
export interface Outcome {
  readonly ending:
    | { readonly kind: 'returned'; readonly value: unknown }
    | { readonly kind: 'threw'; readonly error: ReportedError }
    | { readonly kind: 'bad'; readonly detail: string }
    | { readonly kind: 'large' }
    /** Nothing was left that could have gone on. */
    | { readonly kind: 'stuck' }
  readonly console: readonly { readonly level: string; readonly text: string }[]
  readonly isConsoleCut: boolean
  readonly progress: readonly unknown[]
  /** Milliseconds of the program's own clock, which stands still but for its timers. */
  readonly elapsedMs: number
}

const BINARY = new URL('../../../../node_modules/quickjs-wasi/', import.meta.url)
const MAX_RUN_MS = 20_000
const TOOL_FAILURE = '{"message":"No such order","code":"ERR_TOOL_FAILED"}'

/** QuickJS, with the realm's memory made once. */
export async function quickJs(): Promise<EngineUnderTest> {
  const engine = await QuickJsEngine.load({
    engine: readFileSync(new URL('quickjs.wasm', BINARY)),
    encoding: readFileSync(new URL('extensions/encoding/encoding.so', BINARY)),
  })
  return { name: 'quickjs', createRealm: (host) => engine.createRealm(host) }
}

/** The V8 of this process. The realm of these tests is not hardened, as that of a child is. */
export function v8(): EngineUnderTest {
  const install = V8Realm.compile()
  return {
    name: 'v8',
    createRealm: async (host) => {
      const realm = new V8Realm(install, true)
      realm.bind(host)
      return realm
    },
  }
}

/** Both engines. */
export async function engines(): Promise<readonly EngineUnderTest[]> {
  return [await quickJs(), v8()]
}

/** The host's half of one run: what {@link RealmHost} asks for, by the real bridges. */
class TestHost implements RealmHost {
  readonly memoryBytes: number
  readonly console: { level: string; text: string }[] = []
  readonly progress: unknown[] = []
  readonly answers: { seq: number; isValue: boolean; text: string }[] = []
  ending: Outcome['ending'] | null = null
  isConsoleCut = false
  clockMs = 0
  readonly #options: ProgramOptions
  readonly #intl = new IntlBridge()
  readonly #random: RandomSource
  readonly #startedAt = performance.now()
  #consoleBytes = 0
  #nextSeq = 0

  constructor(options: ProgramOptions) {
    this.#options = options
    this.memoryBytes = options.memoryBytes ?? 64 * 1024 * 1024
    this.#random = new RandomSource(options.seed ?? 'ab'.repeat(32))
  }

  wallClockMs(): number {
    return Math.floor((this.#options.startTimeMs ?? 1_700_000_000_000) + this.clockMs)
  }

  elapsedMs(): number {
    return this.clockMs
  }

  onTick(): void {
    if (performance.now() - this.#startedAt > MAX_RUN_MS) throw new Error('The program is too slow')
  }

  call(operation: string, text: string): string {
    const [area = '', name = ''] = operation.split(/\.(.*)/s)
    switch (area) {
      case 'tool':
        return this.#toolCall(name.slice('call:'.length), text)
      case 'console':
        return this.#print(name, text)
      case 'random':
        return this.#randomOperation(name, text)
      case 'progress':
        this.progress.push(JSON.parse(text))
        return ''
      case 'end':
        this.ending ??= endingOf(name, text)
        return ''
      default:
        return this.#bridge(operation, text)
    }
  }

  #toolCall(name: string, argument: string): string {
    const isValue = name !== 'fail'
    const text = this.#options.onToolCall?.(name, argument) ?? (isValue ? argument : TOOL_FAILURE)
    this.answers.push({ seq: this.#nextSeq++, isValue, text })
    return ''
  }

  #print(level: string, text: string): string {
    this.#consoleBytes += Buffer.byteLength(text) + 1
    this.isConsoleCut = this.#consoleBytes > (this.#options.maxConsoleBytes ?? 1e6)
    if (this.isConsoleCut) return 'full'
    this.console.push({ level, text })
    return ''
  }

  #randomOperation(name: string, text: string): string {
    if (name === 'uuid') return this.#random.uuid()
    if (name === 'bytes') return this.#random.bytes(Number(text)).toString('latin1')
    const words = this.#random.bytes(12)
    return JSON.stringify([0, 4, 8].map((offset) => words.readInt32BE(offset)))
  }

  #bridge(operation: string, text: string): string {
    const isUrl = Object.hasOwn(urlBridge, operation)
    const handler = isUrl ? urlBridge[operation] : this.#intl.operations[operation]
    if (handler === undefined) throw new Error(`The realm asks for ${operation}`)
    try {
      const value = handler(JSON.parse(text) as never)
      return JSON.stringify(isUrl ? (value ?? null) : { value })
    } catch (error) {
      if (isUrl) return 'null'
      const { name, message } = error as Error
      return JSON.stringify({ error: { name, message } })
    }
  }
}

function endingOf(kind: string, text: string): Outcome['ending'] {
  switch (kind) {
    case 'returned':
      return { kind, value: JSON.parse(text) }
    case 'bad':
      return { kind, detail: text }
    case 'large':
      return { kind }
    default:
      return { kind: 'threw', error: JSON.parse(text) as ReportedError }
  }
}

/** Runs a script that ends in an async function. Time passes only as its timers need it. */
export async function runScript(
  engine: EngineUnderTest,
  code: string,
  options: ProgramOptions = {},
): Promise<Outcome> {
  const host = new TestHost(options)
  const realm = await engine.createRealm(host)
  try {
    const settings = {
      tools: options.tools ?? [],
      maxOutputBytes: options.maxOutputBytes ?? 1e7,
      maxConsoleBytes: options.maxConsoleBytes ?? 1e6,
      maxToolArgumentBytes: 1e7,
    }
    realm.start(JSON.stringify(options.data ?? null), JSON.stringify(settings))
    guarded(host, () => realm.begin(code, 'program.js'))
    guarded(host, () => drive(realm, host))
  } finally {
    realm.dispose()
  }
  const { ending, console, isConsoleCut, progress, clockMs } = host
  return {
    ending: ending ?? { kind: 'stuck' },
    console,
    isConsoleCut,
    progress,
    elapsedMs: clockMs,
  }
}

// What no code of the guest is left to catch comes out of the engine as an exception of its own.
function guarded(host: TestHost, action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof GuestException)) throw error
    const { name, message, stack = '' } = error
    host.ending ??= { kind: 'threw', error: { name, message, stack } }
  }
}

function drive(realm: Realm, host: TestHost): void {
  for (;;) {
    realm.drain()
    if (host.ending !== null) return
    const answer = host.answers.shift()
    if (answer !== undefined) {
      realm.settle(answer.seq, answer.isValue, answer.text)
      continue
    }
    const inMs = realm.nextTimerMs()
    if (inMs < 0) return
    host.clockMs += inMs
    realm.fireTimer()
  }
}

/** Runs a function body, as every program is written, and gives its value. */
export async function runBody(
  engine: EngineUnderTest,
  body: string,
  options: ProgramOptions = {},
): Promise<unknown> {
  const { ending } = await runScript(
    engine,
    `(async function () {"use strict";\n${body}\n})`,
    options,
  )
  if (ending.kind === 'returned') return ending.value
  if (ending.kind !== 'threw') return ending
  return `${ending.error.name}: ${ending.error.message}`
}
