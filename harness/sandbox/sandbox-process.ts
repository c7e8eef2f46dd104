import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { SandboxError } from '../errors.ts'
import { parseChildMessage } from './child-message.ts'
import type { IsolationDriver, LaunchPlan } from './isolation/driver.ts'
import type { IsolationFacts } from './isolation/isolation-level.ts'
import type { RuntimeFiles } from './isolation/runtime-files.ts'
import { verifyIsolation } from './isolation/verify.ts'
import { encodeFrame, FrameDecoder } from './rpc-channel.ts'
import type { HostMessage } from './rpc-message.ts'

const START_TIMEOUT_MS = 15_000
const MAX_STDERR_BYTES = 8192
const MAX_READY_BYTES = 4096
const CHANNEL = 3
const FILTER = 4
const INFO = 5

/** How a process ended: an exit code or a signal. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: string | null
}

/** Whoever listens to a process that runs a program. */
export interface ProcessListener {
  /** Most bytes the next frame may have. */
  frameLimit(): number
  onFrame(text: string): void
  /** Bytes on the channel that are no frames. */
  onMalformed(): void
  onExit(exit: ProcessExit): void
}

/**
 * One child process for one run: started, verified, used once, killed with everything it started.
 * It has no shell, no environment, no standard streams but a bounded log of its last words.
 */
export class SandboxProcess {
  readonly facts: IsolationFacts
  /** Process id of the Node that runs the program, as the host sees it. */
  readonly pid: number
  readonly #child: ChildProcess
  readonly #channel: Socket
  readonly #words: LastWords
  readonly #exited: Promise<ProcessExit>
  #listener: ProcessListener | null = null
  #isKilled = false

  private constructor(child: ChildProcess, started: StartedChild, facts: IsolationFacts) {
    this.facts = facts
    this.pid = started.pid
    this.#child = child
    this.#channel = started.channel
    this.#words = started.words
    this.#exited = started.exited
    const decoder = new FrameDecoder(
      () => this.#listener?.frameLimit() ?? 0,
      (text) => this.#listener?.onFrame(text),
    )
    started.channel.removeAllListeners('data')
    started.channel.on('data', (bytes: Buffer) => {
      if (this.#isKilled) return
      try {
        decoder.push(bytes)
      } catch {
        this.#listener?.onMalformed()
        void this.kill()
      }
    })
    void this.#exited.then((exit) => this.#listener?.onExit(exit))
  }

  /**
   * Starts a process and verifies what separates it from the host.
   *
   * @throws {SandboxError} `ERR_SANDBOX_FAILED` if it does not get ready; it is gone then.
   */
  static async start(driver: IsolationDriver, files: RuntimeFiles): Promise<SandboxProcess> {
    const plan = driver.plan(files)
    const child = launch(plan)
    const exited = exitOf(child)
    try {
      const channel = child.stdio.at(CHANNEL) as Socket
      channel.on('error', () => undefined)
      const words = new LastWords(child.stdio[2] as Readable)
      const ready = firstMessage(channel, exited)
      // It may fail while something else is awaited, and is awaited itself further down.
      ready.catch(() => undefined)
      const pid = plan.reportsPid ? await reportedPid(child, exited) : child.pid
      if (pid === undefined) throw new Error('The process did not start')
      const boot: HostMessage = {
        type: 'boot',
        engine: files.engine,
        seal: plan.seal,
        knownFile: files.entry,
      }
      channel.write(encodeFrame(JSON.stringify(boot)))
      const message = await ready
      if (message.type !== 'ready') throw new Error('The process did not get ready')
      const { selfTest, isSealed } = message
      const facts = verifyIsolation({ pid, driver: driver.name, isSealed, selfTest })
      return new SandboxProcess(child, { pid, channel, words, exited }, facts)
    } catch (error) {
      killGroup(child)
      throw new SandboxError('ERR_SANDBOX_FAILED', 'The sandbox process did not start', {
        cause: error,
      })
    }
  }

  /** Whether the process can still be given a program. */
  get isAlive(): boolean {
    return !this.#isKilled && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The end of what the process wrote to its standard error: for the log only. */
  get lastWords(): string {
    return this.#words.text
  }

  /** Bytes sent that the child has not taken yet. */
  get unsentBytes(): number {
    return this.#channel.writableLength
  }

  listen(listener: ProcessListener): void {
    this.#listener = listener
  }

  /** Sends a message and its payload. */
  send(message: HostMessage, payload?: string): void {
    if (this.#isKilled) return
    this.#channel.write(encodeFrame(JSON.stringify(message)))
    if (payload !== undefined) this.#channel.write(encodeFrame(payload))
  }

  /** Kills the process and everything in its group, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.#isKilled) {
      this.#isKilled = true
      // Under bubblewrap the group leader only watches: killing the program itself first means that
      // when the leader's exit is seen, the program is gone too.
      if (this.pid !== this.#child.pid && this.#child.exitCode === null) signal(this.pid)
      else killGroup(this.#child)
      this.#channel.destroy()
    }
    const watchdog = setTimeout(() => killGroup(this.#child), 100)
    await this.#exited
    clearTimeout(watchdog)
  }
}

interface StartedChild {
  readonly pid: number
  readonly channel: Socket
  readonly words: LastWords
  readonly exited: Promise<ProcessExit>
}

function launch(plan: LaunchPlan): ChildProcess {
  const child = spawn(plan.command, plan.args, {
    cwd: '/',
    env: {},
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
  child.on('error', () => undefined)
  const filter = child.stdio.at(FILTER) as Writable | null
  filter?.on('error', () => undefined)
  filter?.end(plan.filter)
  return child
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signalName) => resolve({ code, signal: signalName }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
}

/** The first message of a child, or an error when it ends or is silent for too long. */
function firstMessage(channel: Socket, exited: Promise<ProcessExit>) {
  return new Promise<NonNullable<ReturnType<typeof parseChildMessage>>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The process was silent')), START_TIMEOUT_MS)
    const fail = (reason: string): void => {
      clearTimeout(timer)
      reject(new Error(reason))
    }
    void exited.then(() => fail('The process ended'))
    const decoder = new FrameDecoder(
      () => MAX_READY_BYTES,
      (text) => {
        clearTimeout(timer)
        const message = parseChildMessage(text)
        if (message === null) fail('The first message is malformed')
        else resolve(message)
      },
    )
    channel.on('data', (bytes: Buffer) => {
      try {
        decoder.push(bytes)
      } catch {
        fail('The first message is malformed')
      }
    })
  })
}

/** The process id that bubblewrap reports for the program inside. */
async function reportedPid(child: ChildProcess, exited: Promise<unknown>): Promise<number> {
  const info = child.stdio.at(INFO) as Readable
  info.on('error', () => undefined)
  // Read to the end: bubblewrap writes in pieces and would die of a pipe closed after the first.
  const text = info.setEncoding('latin1').reduce((all: string, part: string) => all + part, '')
  const report = await Promise.race([text, exited.then(() => '')])
  const pid = /"child-pid":\s*(\d+)/.exec(report)?.[1]
  if (pid === undefined) throw new Error('Bubblewrap did not report a process')
  return Number(pid)
}

/** Keeps the end of a stream, and no more. */
class LastWords {
  #bytes: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    stream.on('error', () => undefined)
    stream.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-MAX_STDERR_BYTES)
    })
  }

  get text(): string {
    return this.#bytes.toString('utf8')
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  if (process.platform === 'win32') child.kill('SIGKILL')
  else signal(-child.pid)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}
