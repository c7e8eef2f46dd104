import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Socket } from 'node:net'
import { devNull } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { ProcessExit, SpawnedProcess } from './spawner.ts'
import type { SpawnPlan } from './spawner-message.ts'

const CHANNEL = 3
const FILTER = 4
const INFO = 5
const MAX_WORDS_BYTES = 8192
// A process that is not ours any more could write without end, and each byte costs this process time.
const MAX_STDERR_BYTES = 1024 * 1024
const MAX_INFO_BYTES = 4096
// Both ends of four pipes, and of the one on which a failed start is reported.
const DESCRIPTORS_PER_START = 10
const INFO_TIMEOUT_MS = 10_000
const DRAIN_MS = 50
const WATCHDOG_MS = 100

/** Thrown when a process cannot be started. Nothing of it is left. */
export class SpawnError extends Error {
  /** The system's name for what went wrong, for example `ENOENT`; null when it gave none. */
  readonly code: string | null
  /** The end of what the process wrote to its standard error: for the log only. */
  readonly lastWords: string

  constructor(message: string, code: string | null = null, lastWords = '') {
    super(message)
    this.name = 'SpawnError'
    this.code = code
    this.lastWords = lastWords
  }
}

/**
 * Starts a process as planned: no environment but a time zone, no shell, a bounded log for a stream, a
 * session of its own, the channel on descriptor 3.
 *
 * @throws {SpawnError} If there is no process. One that ends at once is a process.
 */
export async function launch(plan: SpawnPlan): Promise<LaunchedProcess> {
  const child = startChild(plan)
  if (child.pid !== undefined) return new LaunchedProcess(child, child.pid, plan)
  const error = await new Promise<Error>((resolve) => child.once('error', resolve))
  // Without descriptors left there are no streams at all, whatever the type says.
  for (const stream of child.stdio ?? []) stream?.destroy()
  throw spawnError(error)
}

/** A process that was started from this one. */
export class LaunchedProcess implements SpawnedProcess {
  /** Process id of what was started, which leads the group. */
  readonly leader: number
  readonly channel: Socket
  readonly exited: Promise<ProcessExit>
  /**
   * Resolves when {@link LaunchedProcess.pid} is known. Rejects with a {@link SpawnError} when the
   * process ends before; it is gone then.
   */
  readonly started: Promise<void>
  readonly #child: ChildProcess
  readonly #words: LastWords
  #pid: number
  #isKilled = false
  #watchdog: NodeJS.Timeout | undefined

  constructor(child: ChildProcess, leader: number, plan: SpawnPlan) {
    this.#child = child
    this.leader = leader
    this.#pid = leader
    this.channel = takeChannel(child)
    this.channel.on('error', () => undefined)
    this.#words = new LastWords(child.stdio[2] as Readable)
    child.on('error', () => undefined)
    const filter = child.stdio.at(FILTER) as Writable | null
    filter?.on('error', () => undefined)
    filter?.end(plan.filter)
    this.exited = this.#end()
    this.started = plan.reportsPid
      ? this.#readPid(child.stdio.at(INFO) as Readable)
      : Promise.resolve()
    // It may fail before anybody waits for it.
    this.started.catch(() => undefined)
  }

  /** Process id of the program. The leader's until {@link LaunchedProcess.started} resolves. */
  get pid(): number {
    return this.#pid
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get lastWords(): string {
    return this.#words.text
  }

  kill(): void {
    this.#isKilled = true
    this.channel.destroy()
    if (!this.isAlive) return
    // Under bubblewrap the group leader only watches: killing the program itself first means that
    // when the leader's exit is seen, the program is gone too.
    if (this.#pid !== this.leader) signalProcess(this.#pid)
    else this.#killGroup()
    this.#watchdog ??= setTimeout(() => this.#killGroup(), WATCHDOG_MS)
  }

  /** Kills the process and its group when nobody will be there to see that they end. */
  abandon(): void {
    if (!this.isAlive) return
    signalProcess(this.#pid)
    this.#killGroup()
  }

  #killGroup(): void {
    if (process.platform === 'win32') this.#child.kill('SIGKILL')
    else signalProcess(-this.leader)
  }

  #end(): Promise<ProcessExit> {
    return new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        clearTimeout(this.#watchdog)
        // What the leader leaves behind in its group goes with it.
        if (process.platform !== 'win32') signalProcess(-this.leader)
        const finish = (): void => {
          for (const stream of this.#child.stdio) stream?.destroy()
          resolve({ code, signal })
        }
        if (this.#isKilled) finish()
        else void this.#words.drain(DRAIN_MS).then(finish)
      })
    })
  }

  /** Waits for the process id that bubblewrap reports for the program inside. */
  async #readPid(info: Readable): Promise<void> {
    const timer = setTimeout(() => this.kill(), INFO_TIMEOUT_MS)
    const report = await Promise.race([readToEnd(info), this.exited.then(() => '')])
    clearTimeout(timer)
    const pid = /"child-pid":\s*(\d+)/.exec(report)?.[1]
    if (pid !== undefined && !this.#isKilled) {
      this.#pid = Number(pid)
      return
    }
    this.kill()
    await this.exited
    throw new SpawnError('The process ended before the program started', null, this.lastWords)
  }
}

/** Kills a process, or with a negative id a group. */
export function signalProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}

function startChild(plan: SpawnPlan): ChildProcess {
  try {
    requireDescriptors()
    return spawn(plan.command, plan.args, {
      cwd: '/',
      // With a time zone in the environment nobody loads the locale data to find out.
      env: { TZ: 'UTC' },
      // A session of its own: a signal that the child sends to its group does not reach the host.
      detached: true,
      shell: false,
      stdio: [
        'ignore',
        'ignore',
        'pipe',
        'pipe',
        plan.filter === undefined ? 'ignore' : 'pipe',
        plan.reportsPid ? 'pipe' : 'ignore',
      ],
      ...(plan.userId !== undefined && { uid: plan.userId, gid: plan.userId }),
    })
  } catch (error) {
    throw spawnError(error)
  }
}

/**
 * Throws when there are not enough descriptors left for a start. Node 26.10 would fail as well, but
 * leak the pipes it has made by then.
 */
function requireDescriptors(): void {
  if (process.platform === 'win32') return
  const opened: number[] = []
  try {
    while (opened.length < DESCRIPTORS_PER_START) opened.push(openSync(devNull, 'r'))
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}

function spawnError(error: unknown): SpawnError {
  const code = (error as NodeJS.ErrnoException).code ?? null
  return new SpawnError('The process could not be started', code)
}

/**
 * Takes the channel from what Node does with standard streams: when a process ends, it reads those
 * that nobody listens to and throws away what it read.
 */
function takeChannel(child: ChildProcess): Socket {
  const streams: unknown[] = child.stdio
  const channel = streams[CHANNEL] as Socket
  streams[CHANNEL] = null
  return channel
}

/** Read to the end: bubblewrap writes in pieces and would die of a pipe closed after the first. */
function readToEnd(info: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    info.setEncoding('latin1')
    info.on('error', () => undefined)
    info.on('data', (part: string) => {
      if (text.length < MAX_INFO_BYTES) text += part
    })
    info.once('close', () => resolve(text))
  })
}

/** Keeps the end of a stream, and no more. */
class LastWords {
  readonly #stream: Readable
  #bytes: Buffer = Buffer.alloc(0)
  #total = 0

  constructor(stream: Readable) {
    this.#stream = stream
    stream.on('error', () => undefined)
    stream.on('data', (bytes: Buffer) => {
      this.#total += bytes.length
      this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-MAX_WORDS_BYTES)
      if (this.#total > MAX_STDERR_BYTES) stream.destroy()
    })
  }

  get text(): string {
    return this.#bytes.toString('utf8')
  }

  /** Waits for the end of the stream, which something left behind may hold open. */
  drain(timeoutMs: number): Promise<void> {
    if (this.#stream.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#stream.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
