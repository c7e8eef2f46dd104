import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { JsonValue } from '../json-value.ts'
import { KillableProcessError, type KillReason } from '../parsing/killable-process.ts'
import { FrameReader, frameMessage } from './message-frames.ts'

/** Answers what the compiler asks about files; `null` means "look at the disk". */
export type FileQuestion = (method: string, path: string) => JsonValue

/** How the compiler is started. */
export interface CompilerOptions {
  readonly executable: string
  /** The folder in which it believes to work. */
  readonly folder: string
  /** The heap that its garbage collector aims to stay under, in MiB. */
  readonly heapMb: number
  readonly onFileQuestion: FileQuestion
}

interface PendingCall {
  readonly resolve: (answer: JsonValue) => void
  readonly reject: (error: KillableProcessError) => void
}

// Answers and questions of the compiler: hostile texts have more to say than anybody reads.
const MAX_MESSAGE_BYTES = 524_288
const QUESTIONS = ['readFile', 'fileExists', 'directoryExists', 'getAccessibleEntries', 'realpath']

/**
 * One life of a compiler process: JSON-RPC over its standard streams, which asks back about files. Ends
 * with the process and is never used again.
 */
export class CompilerConnection {
  readonly #child: ChildProcess
  readonly #reader = new FrameReader(MAX_MESSAGE_BYTES)
  readonly #pending = new Map<number, PendingCall>()
  readonly #onFileQuestion: FileQuestion
  readonly #exited: Promise<void>
  #nextId = 1
  #ended: KillReason | null = null

  /** @throws {Error} Some failures to start are thrown; others end the connection. */
  constructor(options: CompilerOptions) {
    this.#onFileQuestion = options.onFileQuestion
    const child = spawn(
      options.executable,
      ['--api', '--async', '--cwd', options.folder, `--callbacks=${QUESTIONS.join(',')}`],
      {
        // Two threads are enough for one small program, and hostile types shall not have every core.
        env: { GOMAXPROCS: '2', GOGC: '300', GOMEMLIMIT: `${options.heapMb}MiB` },
        cwd: '/',
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    )
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve())
      // What could not be started does not exit.
      child.once('error', () => resolve())
    })
    child.on('error', () => this.kill('crashed'))
    child.on('exit', () => this.kill('crashed'))
    // A child that is gone takes nothing more; its exit says so.
    child.stdin?.on('error', () => {})
    child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isAlive(): boolean {
    return this.#ended === null
  }

  /** @throws {KillableProcessError} When the process ends before it answers. */
  call(method: string, params: object | null): Promise<JsonValue> {
    if (this.#ended !== null) return Promise.reject(new KillableProcessError(this.#ended))
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<JsonValue>()
    this.#pending.set(id, { resolve, reject })
    this.#send({ jsonrpc: '2.0', id, method, params })
    return promise
  }

  /** Ends the process; every call that waits fails with the reason. */
  kill(reason: KillReason): void {
    if (this.#ended !== null) return
    this.#ended = reason
    this.#child.kill('SIGKILL')
    for (const { reject } of this.#pending.values()) reject(new KillableProcessError(reason))
    this.#pending.clear()
  }

  /** Kills the process and resolves when it is gone. */
  async close(): Promise<void> {
    this.hold()
    this.kill('aborted')
    await this.#exited
  }

  /** The process keeps the host alive: something waits for it. */
  hold(): void {
    this.#child.ref()
    for (const stream of this.#streams()) stream.ref()
  }

  /** The process does not keep the host alive. */
  release(): void {
    this.#child.unref()
    for (const stream of this.#streams()) stream.unref()
  }

  #streams(): Socket[] {
    const { stdin, stdout } = this.#child
    // Pipes of a child process are sockets; the declarations only say "stream".
    return [stdin, stdout].filter((stream) => stream !== null) as unknown as Socket[]
  }

  #send(message: object): void {
    this.#child.stdin?.write(frameMessage(message))
  }

  #receive(chunk: Buffer): void {
    if (this.#ended !== null) return
    try {
      for (const text of this.#reader.push(chunk)) this.#handle(JSON.parse(text))
    } catch {
      // A stream that cannot be read on, or a question that nobody expects.
      this.kill('crashed')
    }
  }

  #handle(message: RpcMessage): void {
    if (message.method !== undefined) {
      const isKnown = QUESTIONS.includes(message.method) && typeof message.params === 'string'
      const result = isKnown ? this.#onFileQuestion(message.method, String(message.params)) : null
      this.#send({ jsonrpc: '2.0', id: message.id, result })
      return
    }
    const call = this.#pending.get(Number(message.id))
    if (call === undefined) return
    this.#pending.delete(Number(message.id))
    if (message.error === undefined) call.resolve(message.result ?? null)
    else call.reject(new KillableProcessError('crashed'))
  }
}

interface RpcMessage {
  readonly id?: JsonValue
  readonly method?: string
  readonly params?: JsonValue
  readonly result?: JsonValue
  readonly error?: JsonValue
}
