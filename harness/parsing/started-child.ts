import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnswerFrame, CallFrame } from './killable-child.ts'

/** How a child is started. */
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

/** Who is told what becomes of a child. */
export interface ChildEvents {
  onReady(): void
  onAnswer(frame: AnswerFrame): void
  /** Called once, however the child ended or failed to start. */
  onEnd(reason: 'memory' | 'crashed'): void
}

// Signals and exit codes of a V8 heap that is full: abort() is SIGABRT, reported as 134 by a shell.
const HEAP_EXHAUSTED = { signal: 'SIGABRT', exitCode: 134 }

/** One process that answers calls, from its start to its end. While it is idle it keeps no host alive. */
export class StartedChild {
  readonly #process: ChildProcess | null
  readonly #events: ChildEvents
  readonly #startTimer: NodeJS.Timeout
  #isReady = false
  #isEnded = false
  #cpuMs = 0

  constructor(options: KillableProcessOptions, events: ChildEvents) {
    this.#events = events
    const startDeadlineMs = options.startDeadlineMs ?? 10_000
    this.#startTimer = setTimeout(() => this.#end('crashed'), startDeadlineMs)
    this.#startTimer.unref()
    this.#process = this.#spawn(options)
    this.hold(false)
  }

  /** Whether the child has said that it can take a call. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Whether the child is gone, or being killed. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Processor time that the child has used since it last answered; `null` where the system does not tell. */
  cpuMsSinceAnswer(): number | null {
    const pid = this.#process?.pid
    const cpuMs = pid === undefined ? null : cpuTimeMs(pid)
    return cpuMs === null ? null : cpuMs - this.#cpuMs
  }

  /** Whether the host is kept alive by this child. */
  hold(isHeld: boolean): void {
    const how = isHeld ? 'ref' : 'unref'
    this.#process?.[how]()
    this.#process?.channel?.[how]()
  }

  send(frame: CallFrame, onError: () => void): void {
    this.#process?.send(frame, (error) => {
      if (error !== null) onError()
    })
  }

  /** Kills the child without a word to anyone. */
  kill(): void {
    this.#isEnded = true
    clearTimeout(this.#startTimer)
    this.#process?.kill('SIGKILL')
  }

  /** Kills the child and resolves when it is gone. */
  async killed(): Promise<void> {
    const child = this.#process
    this.kill()
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const { promise, resolve } = Promise.withResolvers<void>()
    child.once('exit', () => resolve())
    // What could not be started does not exit.
    child.once('error', () => resolve())
    // An idle child does not keep the host alive, but whoever closes it waits for its end.
    child.ref()
    await promise
  }

  #spawn(options: KillableProcessOptions): ChildProcess | null {
    let child: ChildProcess
    try {
      child = spawnChild(options)
    } catch {
      // Some failures to start are thrown, others are events.
      queueMicrotask(() => this.#end('crashed'))
      return null
    }
    child.on('message', (frame: AnswerFrame) => {
      this.#cpuMs = frame.cpuMs
      if (frame.id !== -1) return this.#events.onAnswer(frame)
      clearTimeout(this.#startTimer)
      this.#isReady = true
      this.#events.onReady()
    })
    // A child that could not be started has an error and no exit.
    child.on('error', () => this.#end('crashed'))
    child.on('exit', (exitCode, signal) => {
      const isMemory = signal === HEAP_EXHAUSTED.signal || exitCode === HEAP_EXHAUSTED.exitCode
      this.#end(isMemory ? 'memory' : 'crashed')
    })
    return child
  }

  #end(reason: 'memory' | 'crashed'): void {
    if (this.#isEnded) return
    this.kill()
    this.#events.onEnd(reason)
  }
}

/** Processor time of a main thread so far, in milliseconds, or `null` where the system does not tell. */
function cpuTimeMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1')
    // The name in parentheses may contain anything; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks * MS_PER_TICK : null
  } catch {
    return null
  }
}

// Linux reports times to programs in hundredths of a second on every architecture Node runs on.
const MS_PER_TICK = 10

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
