import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonValue } from '../json-value.ts'
import type { AnswerFrame, CallFrame } from './killable-child.ts'

/** Why a call has no answer. */
export type KillReason = 'deadline' | 'memory' | 'crashed' | 'aborted'

/** A call to a {@link KillableProcess} ended without an answer. */
export class KillableProcessError extends Error {
  readonly kind: KillReason

  constructor(kind: KillReason) {
    super(`Parsing child ended: ${kind}`)
    this.name = 'KillableProcessError'
    this.kind = kind
  }
}

/** How the child is started. */
export interface KillableProcessOptions {
  /** The module that the child runs; it calls `serveCalls`. */
  readonly entry: URL
  /** Appears in the child's process title. */
  readonly name: string
  /** Heap of the child in MiB. Default 256. */
  readonly memoryMb?: number
  /** Calls after which the child is replaced, so that nothing builds up in it. Default 500. */
  readonly maxCalls?: number
}

interface QueuedCall {
  readonly message: JsonValue
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (answer: JsonValue) => void
  readonly reject: (error: KillableProcessError) => void
}

// Signals and exit codes of a V8 heap that is full: abort() is SIGABRT, reported as 134 by a shell.
const HEAP_EXHAUSTED = { signal: 'SIGABRT', exitCode: 134 }

/**
 * A child process that reads hostile text, one call at a time, and is killed when it takes too long or
 * too much. Parsers have inputs on which they run for minutes or exhaust the heap, and a thread's
 * exhausted heap takes the whole process down: nothing but a process contains them.
 *
 * @example
 * ```ts
 * const parser = new KillableProcess({ entry: new URL('./sql-child.ts', import.meta.url), name: 'sql' })
 * const tree = await parser.call({ sql: 'SELECT 1' }, { deadlineMs: 250 })
 * await parser.close()
 * ```
 */
export class KillableProcess {
  readonly #options: KillableProcessOptions
  readonly #queue: QueuedCall[] = []
  #child: ChildProcess | null = null
  #ready: Promise<void> | null = null
  #current: { readonly id: number; settle: (frame: AnswerFrame | KillReason) => void } | null = null
  #nextId = 0
  #callsServed = 0
  #isBusy = false
  #isClosed = false

  constructor(options: KillableProcessOptions) {
    this.#options = options
  }

  /** Starts the child now, so that the first call need not wait for it. */
  warm(): void {
    if (!this.#isClosed) void this.#start()
  }

  /**
   * Sends one message and resolves with the child's answer.
   *
   * @param options - `deadlineMs` counts from the moment the message is sent; waiting for earlier
   * calls and for the child to start is not part of it.
   * @throws {KillableProcessError} The child took too long, ran out of memory, failed or was aborted.
   */
  call(
    message: JsonValue,
    options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
  ): Promise<JsonValue> {
    if (this.#isClosed) return Promise.reject(new KillableProcessError('aborted'))
    return new Promise((resolve, reject) => {
      this.#queue.push({
        message,
        deadlineMs: options.deadlineMs,
        signal: options.signal,
        resolve,
        reject,
      })
      void this.#drain()
    })
  }

  /** Ends the child; calls that wait are rejected as aborted. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#queue.splice(0)) call.reject(new KillableProcessError('aborted'))
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    // An idle child does not keep the host alive, but whoever closes it waits for its end.
    child.ref()
    child.kill('SIGKILL')
    await exited
  }

  async #drain(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    for (let call = this.#queue.shift(); call !== undefined; call = this.#queue.shift()) {
      await this.#serve(call)
    }
    this.#isBusy = false
    this.#child?.unref()
    this.#child?.channel?.unref()
  }

  async #serve(call: QueuedCall): Promise<void> {
    if (call.signal?.aborted) return call.reject(new KillableProcessError('aborted'))
    const ready = this.#start()
    // Only now is there a child: a call that is under way keeps the host alive, an idle child does not.
    this.#child?.ref()
    this.#child?.channel?.ref()
    try {
      await ready
    } catch {
      return call.reject(new KillableProcessError('crashed'))
    }
    const outcome = await this.#exchange(call)
    if (typeof outcome === 'string') return call.reject(new KillableProcessError(outcome))
    if ('failed' in outcome) return call.reject(new KillableProcessError('crashed'))
    call.resolve(outcome.answer)
    this.#callsServed += 1
    if (this.#callsServed >= (this.#options.maxCalls ?? 500)) this.#kill()
  }

  #exchange(call: QueuedCall): Promise<AnswerFrame | KillReason> {
    const id = this.#nextId++
    return new Promise((resolve) => {
      const stop = (reason: KillReason) => {
        this.#kill()
        settle(reason)
      }
      const onAbort = () => stop('aborted')
      const timer = setTimeout(() => stop('deadline'), call.deadlineMs)
      const settle = (frame: AnswerFrame | KillReason) => {
        clearTimeout(timer)
        call.signal?.removeEventListener('abort', onAbort)
        this.#current = null
        resolve(frame)
      }
      call.signal?.addEventListener('abort', onAbort, { once: true })
      this.#current = { id, settle }
      this.#child?.send({ id, message: call.message } satisfies CallFrame, (error) => {
        if (error !== null && this.#current?.id === id) settle('crashed')
      })
    })
  }

  #kill(): void {
    this.#child?.kill('SIGKILL')
    this.#child = null
    this.#ready = null
    this.#callsServed = 0
  }

  #start(): Promise<void> {
    if (this.#ready !== null) return this.#ready
    const child = spawn(process.execPath, childArguments(this.#options), {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'json',
    })
    this.#child = child
    this.#ready = new Promise((resolve, reject) => {
      child.on('message', (frame: AnswerFrame) => {
        if (frame.id === -1) resolve()
        else if (frame.id === this.#current?.id) this.#current.settle(frame)
      })
      child.on('error', reject)
      child.on('exit', (exitCode, signal) => {
        reject(new KillableProcessError('crashed'))
        if (this.#child !== child) return
        this.#child = null
        this.#ready = null
        this.#callsServed = 0
        const isMemory = signal === HEAP_EXHAUSTED.signal || exitCode === HEAP_EXHAUSTED.exitCode
        this.#current?.settle(isMemory ? 'memory' : 'crashed')
      })
    })
    // The rejection is seen by whoever awaits the start; nobody may be waiting after warm().
    this.#ready.catch(() => {})
    child.unref()
    child.channel?.unref()
    return this.#ready
  }
}

function childArguments(options: KillableProcessOptions): string[] {
  const entry = fileURLToPath(options.entry)
  // Node 26 gives every process native calls unless told otherwise; Node 24 does not know the flag.
  const hasFfi = process.allowedNodeEnvironmentFlags.has('--experimental-ffi')
  return [
    '--permission',
    ...readableFolders(entry).map((folder) => `--allow-fs-read=${folder}`),
    `--max-old-space-size=${options.memoryMb ?? 256}`,
    '--stack-size=3900',
    '--disable-proto=delete',
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--disable-sigusr1',
    '--no-warnings',
    ...(hasFfi ? ['--no-experimental-ffi'] : []),
    `--title=airlock-${options.name}`,
    entry,
  ]
}

/** This room, the entry's folder, and every `node_modules` from which it may resolve a dependency. */
function readableFolders(entry: string): string[] {
  const folders = [dirname(import.meta.dirname), dirname(entry)]
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    if (existsSync(modules)) folders.push(modules)
    // The nearest package.json says whether the entry is an ES module.
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) folders.push(manifest)
  }
  return folders
}
