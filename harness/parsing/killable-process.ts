import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
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
  /** How long the child may take to start, in milliseconds. Default 10 000. */
  readonly startDeadlineMs?: number
}

interface QueuedCall {
  readonly message: JsonValue
  readonly deadlineMs: number
  isAborted: boolean
  readonly resolve: (answer: JsonValue) => void
  readonly reject: (error: KillableProcessError) => void
}

interface CurrentCall {
  readonly id: number
  readonly call: QueuedCall
  readonly settle: (frame: AnswerFrame | KillReason) => void
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
  #current: CurrentCall | null = null
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
  async call(
    message: JsonValue,
    options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
  ): Promise<JsonValue> {
    const { deadlineMs, signal } = options
    if (this.#isClosed || signal?.aborted) throw new KillableProcessError('aborted')
    const { promise, resolve, reject } = Promise.withResolvers<JsonValue>()
    const call: QueuedCall = { message, deadlineMs, isAborted: false, resolve, reject }
    const onAbort = () => this.#abort(call)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#queue.push(call)
    void this.#drain()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Ends the child; calls that wait are rejected as aborted. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#queue.splice(0)) call.reject(new KillableProcessError('aborted'))
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      // What could not be started does not exit.
      child.once('error', () => resolve())
    })
    // An idle child does not keep the host alive, but whoever closes it waits for its end.
    child.ref()
    child.kill('SIGKILL')
    await exited
  }

  #abort(call: QueuedCall): void {
    call.isAborted = true
    const index = this.#queue.indexOf(call)
    if (index >= 0) this.#queue.splice(index, 1)
    // Only a child that works on the call has to end; one that starts serves the next.
    if (this.#current?.call === call) this.#end('aborted')
    call.reject(new KillableProcessError('aborted'))
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
    const ready = this.#start()
    // Only now is there a child: a call that is under way keeps the host alive, an idle child does not.
    this.#child?.ref()
    this.#child?.channel?.ref()
    try {
      await ready
    } catch {
      return call.reject(new KillableProcessError('crashed'))
    }
    if (call.isAborted) return
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
      const timer = setTimeout(() => this.#end('deadline'), call.deadlineMs)
      const settle = (frame: AnswerFrame | KillReason) => {
        clearTimeout(timer)
        this.#current = null
        resolve(frame)
      }
      this.#current = { id, call, settle }
      this.#child?.send({ id, message: call.message } satisfies CallFrame, (error) => {
        if (error !== null && this.#current?.id === id) settle('crashed')
      })
    })
  }

  /** Kills the child, if it still lives, and answers the call it worked on; the next gets a new one. */
  #end(reason: KillReason): void {
    this.#kill()
    this.#current?.settle(reason)
  }

  #kill(): void {
    this.#child?.kill('SIGKILL')
    this.#child = null
    this.#ready = null
    this.#callsServed = 0
  }

  #start(): Promise<void> {
    if (this.#ready !== null) return this.#ready
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // The rejection is seen by whoever awaits the start; nobody may be waiting after warm().
    promise.catch(() => {})
    let child: ChildProcess
    try {
      child = spawnChild(this.#options)
    } catch (error) {
      // Some failures to start are thrown, others are events.
      reject(error)
      return promise
    }
    this.#child = child
    this.#ready = promise
    const onEnd = (reason: KillReason) => {
      clearTimeout(startTimer)
      reject(new KillableProcessError(reason))
      if (this.#child === child) this.#end(reason)
    }
    const startTimer = setTimeout(() => onEnd('crashed'), this.#options.startDeadlineMs ?? 10_000)
    startTimer.unref()
    child.on('message', (frame: AnswerFrame) => {
      if (frame.id === this.#current?.id) return this.#current.settle(frame)
      if (frame.id !== -1) return
      clearTimeout(startTimer)
      resolve()
    })
    // A child that could not be started has an error and no exit.
    child.on('error', () => onEnd('crashed'))
    child.on('exit', (exitCode, signal) => {
      const isMemory = signal === HEAP_EXHAUSTED.signal || exitCode === HEAP_EXHAUSTED.exitCode
      onEnd(isMemory ? 'memory' : 'crashed')
    })
    child.unref()
    child.channel?.unref()
    return promise
  }
}

function spawnChild(options: KillableProcessOptions): ChildProcess {
  return spawn(process.execPath, childArguments(options), {
    env: {},
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'json',
  })
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
    // A linked folder is read under its real name.
    if (existsSync(modules)) folders.push(modules, realpathSync(modules))
    // The nearest package.json says whether the entry is an ES module.
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) folders.push(manifest)
  }
  return folders
}
