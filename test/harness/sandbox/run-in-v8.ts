import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { JsonValue } from '../../../harness/json-value.ts'
import { DEFAULT_LIMITS, type ResourceLimits } from '../../../harness/sandbox/resource-limits.ts'
import type { ChildEnding } from '../../../harness/sandbox/rpc-message.ts'

/** What a test says about one run in a bare V8 child. */
export interface V8Options {
  readonly data?: JsonValue
  readonly tools?: readonly string[]
  readonly limits?: Partial<ResourceLimits>
  readonly seed?: string
  readonly startTimeMs?: number
  /** Answers a tool call; what it throws is the tool's failure. */
  readonly onToolCall?: (name: string, argument: JsonValue) => JsonValue
  readonly flags?: readonly string[]
}

/** What a bare V8 child said until its program or the process itself was over. */
export interface V8Outcome {
  readonly ending: ChildEnding | null
  readonly value: JsonValue | undefined
  readonly console: readonly string[]
  readonly calls: readonly (readonly [string, JsonValue])[]
  readonly exitCode: number | string | null
  readonly stderr: string
}

/** The flags that the engine is started with, without those of the permission model. */
export const V8_FLAGS: readonly string[] = [
  '--disallow-code-generation-from-strings',
  '--no-addons',
  '--no-warnings',
  '--no-validate-asm',
  '--max-old-space-size=192',
]

const ENTRY = fileURLToPath(new URL('./v8-child.ts', import.meta.url))
const MAX_RUN_MS = 20_000

/** Runs a function body in a child of its own. */
export function runInV8(body: string, options: V8Options = {}): Promise<V8Outcome> {
  return runScriptInV8(`(async function () {"use strict";\n${body}\n})`, options)
}

/** Runs a function body without strict mode, as no program is written but attacks may be. */
export function runSloppyInV8(body: string, options: V8Options = {}): Promise<V8Outcome> {
  return runScriptInV8(`(async function () {\n\n${body}\n})`, options)
}

/** Runs a whole script in a child of its own. */
export async function runScriptInV8(code: string, options: V8Options = {}): Promise<V8Outcome> {
  const flags = [...V8_FLAGS, ...(options.flags ?? [])]
  const child = spawn(process.execPath, [...flags, ENTRY], {
    env: { TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), MAX_RUN_MS)
  try {
    return await new V8Conversation(child, code, options).outcome
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

/** The host's side of the channel, as far as one run needs it. */
class V8Conversation {
  readonly outcome: Promise<V8Outcome>
  readonly #socket: Duplex
  readonly #options: V8Options
  readonly #code: string
  readonly #startedAt = performance.now()
  readonly #console: string[] = []
  readonly #calls: (readonly [string, JsonValue])[] = []
  readonly #done = Promise.withResolvers<V8Outcome>()
  #received = Buffer.alloc(0)
  #header: { type: string; seq: number; name: string } | null = null
  #ending: ChildEnding | null = null
  #stderr = ''

  constructor(child: ChildProcess, code: string, options: V8Options) {
    this.outcome = this.#done.promise
    this.#code = code
    this.#options = options
    this.#socket = child.stdio[3] as Duplex
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', (bytes: Buffer) => this.#onBytes(bytes))
    child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString()
    })
    child.on('close', (code, signal) => this.#end(undefined, code ?? signal))
  }

  #end(value: JsonValue | undefined, exitCode: number | string | null = null): void {
    this.#done.resolve({
      ending: this.#ending,
      value,
      console: this.#console,
      calls: this.#calls,
      exitCode,
      stderr: this.#stderr,
    })
  }

  #onBytes(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const length = this.#received.readUInt32BE(0)
      if (this.#received.length < 4 + length) return
      const text = this.#received.toString('utf8', 4, 4 + length)
      this.#received = this.#received.subarray(4 + length)
      this.#onFrame(text)
    }
  }

  #onFrame(text: string): void {
    const value = JSON.parse(text) as JsonValue
    const header = this.#header
    this.#header = null
    if (header !== null) return this.#onPayload(header, value)
    if (value === 'ready') return this.#start()
    const message = value as unknown as { type: string; wakeInMs: number | null }
    switch (message.type) {
      case 'call':
      case 'console':
      case 'returned':
        this.#header = value as never
        if (message.type === 'returned') this.#ending = value as never
        return
      case 'progress':
        return
      case 'parked':
        if (message.wakeInMs === null) return
        setTimeout(
          () => this.#send({ type: 'wake', run: 1, atMs: performance.now() - this.#startedAt }),
          message.wakeInMs,
        )
        return
      default:
        this.#ending = value as never
        this.#end(undefined)
    }
  }

  #onPayload(header: { type: string; seq: number; name: string }, value: JsonValue): void {
    if (header.type === 'returned') this.#end(value)
    else if (header.type === 'console') this.#console.push(value as string)
    else {
      this.#calls.push([header.name, value])
      this.#answer(header.seq, header.name, value)
    }
  }

  #answer(seq: number, name: string, argument: JsonValue): void {
    try {
      const value = this.#options.onToolCall?.(name, argument) ?? argument
      this.#send(
        { type: 'answer', run: 1, seq, isValue: true, atMs: performance.now() - this.#startedAt },
        value,
      )
    } catch (error) {
      const failure = { message: (error as Error).message, code: 'ERR_TOOL_FAILED' }
      this.#send(
        { type: 'answer', run: 1, seq, isValue: false, atMs: performance.now() - this.#startedAt },
        failure,
      )
    }
  }

  #start(): void {
    const { tools = ['echo', 'slow'], data = { n: 7 }, limits } = this.#options
    const { seed = 'ab'.repeat(32), startTimeMs = 1_700_000_000_000 } = this.#options
    const all = { ...DEFAULT_LIMITS, memoryMb: 128, ...limits }
    const run = { type: 'run', run: 1, code: this.#code, tools, limits: all, startTimeMs, seed }
    this.#send(run, data)
  }

  #send(...messages: readonly unknown[]): void {
    for (const message of messages) {
      const bytes = Buffer.from(JSON.stringify(message))
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      this.#socket.write(Buffer.concat([length, bytes]))
    }
  }
}
