import { SandboxError } from '../errors.ts'
import { parseChildMessage } from './child-message.ts'
import type { IsolationDriver } from './isolation/driver.ts'
import type { IsolationFacts } from './isolation/isolation-level.ts'
import type { RuntimeFiles } from './isolation/runtime-files.ts'
import { verifyIsolation } from './isolation/verify.ts'
import { encodeFrame, FrameDecoder, FrameError } from './rpc-channel.ts'
import type { BootMessage, HostMessage } from './rpc-message.ts'
import type { ProcessExit, SpawnedProcess, Spawner } from './spawner.ts'

const START_TIMEOUT_MS = 15_000
const MAX_READY_BYTES = 4096

/** Whoever listens to a process that is ready. */
export interface ProcessListener {
  /** Most bytes the next frame may have. */
  frameLimit(): number
  onFrame(text: string): void
  /** Bytes on the channel that are no frames. */
  onMalformed(): void
  onExit(exit: ProcessExit): void
}

/** One sandbox process: started, verified, spoken to over its channel, and killed in the end. */
export class SandboxProcess {
  readonly facts: IsolationFacts
  /** Process id of the Node that runs the programs, as the host sees it. */
  readonly pid: number
  readonly #spawned: SpawnedProcess
  #listener: ProcessListener | null = null
  #isKilled = false

  private constructor(spawned: SpawnedProcess, facts: IsolationFacts) {
    this.facts = facts
    this.pid = spawned.pid
    this.#spawned = spawned
    const { channel } = spawned
    const decoder = new FrameDecoder(
      () => this.#listener?.frameLimit() ?? 0,
      (text) => {
        if (!this.#isKilled) this.#listener?.onFrame(text)
      },
    )
    channel.removeAllListeners('data')
    channel.on('data', (bytes: Buffer) => {
      if (this.#isKilled) return
      try {
        decoder.push(bytes)
      } catch (error) {
        // Anything else is a fault of this program and has to be seen.
        if (!(error instanceof FrameError)) throw error
        this.#listener?.onMalformed()
        this.kill()
      }
    })
    void spawned.exited.then(() => channel.destroy())
  }

  /**
   * Starts a process and verifies what separates it from the host.
   *
   * @throws {SandboxError} `ERR_SANDBOX_FAILED` if it does not get ready; it is gone then.
   */
  static async start(
    spawner: Spawner,
    driver: IsolationDriver,
    files: RuntimeFiles,
  ): Promise<SandboxProcess> {
    let spawned: SpawnedProcess | null = null
    try {
      const plan = driver.plan(files)
      spawned = await spawner.spawn(plan)
      spawned.channel.on('error', () => undefined)
      const ready = firstMessage(spawned)
      const boot: BootMessage = {
        type: 'boot',
        engine: files.engine,
        seal: plan.seal,
        knownFile: files.entry,
      }
      spawned.channel.write(encodeFrame(JSON.stringify(boot)))
      const { selfTest, isSealed } = await ready
      const engine = files.engine.name
      const { pid } = spawned
      const facts = verifyIsolation({ pid, driver: driver.name, engine, isSealed, selfTest })
      return new SandboxProcess(spawned, facts)
    } catch (error) {
      spawned?.kill()
      throw new SandboxError('ERR_SANDBOX_FAILED', 'The sandbox process did not start', {
        cause: error,
      })
    }
  }

  /** Whether the process can still be given a program. */
  get isAlive(): boolean {
    return !this.#isKilled && this.#spawned.isAlive
  }

  /** The end of what the process wrote to its standard error: for the log only. */
  get lastWords(): string {
    return this.#spawned.lastWords
  }

  /** Bytes sent that the child has not taken yet. */
  get unsentBytes(): number {
    return this.#spawned.channel.writableLength
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<ProcessExit> {
    return this.#spawned.exited
  }

  listen(listener: ProcessListener): void {
    this.#listener = listener
    // Also when it has ended already, between being ready and being listened to.
    void this.#spawned.exited.then((exit) => listener.onExit(exit))
  }

  /** Sends a message and its payload. */
  send(message: HostMessage, payload?: string): void {
    if (this.#isKilled) return
    this.#spawned.channel.write(encodeFrame(JSON.stringify(message), payload))
  }

  /** Kills the process and everything in its group. Nothing it has sent is heard any more. */
  kill(): void {
    if (this.#isKilled) return
    this.#isKilled = true
    this.#spawned.kill()
    this.#spawned.channel.destroy()
  }
}

type ReadyMessage = Extract<ReturnType<typeof parseChildMessage>, { type: 'ready' }>

/** The first message of a child, or an error when it ends or is silent for too long. */
function firstMessage(spawned: SpawnedProcess): Promise<ReadyMessage> {
  const { channel, exited } = spawned
  const { promise, resolve, reject } = Promise.withResolvers<ReadyMessage>()
  const fail = (reason: string): void => reject(new Error(reason))
  const timer = setTimeout(() => fail('The process was silent'), START_TIMEOUT_MS)
  void exited.then(() => fail(`The process ended: ${spawned.lastWords}`))
  const decoder = new FrameDecoder(
    () => MAX_READY_BYTES,
    (text) => {
      const message = parseChildMessage(text)
      if (message?.type === 'ready') resolve(message)
      else fail('The first message is malformed')
    },
  )
  channel.on('data', (bytes: Buffer) => {
    try {
      decoder.push(bytes)
    } catch {
      fail('The first message is malformed')
    }
  })
  const first = promise.finally(() => clearTimeout(timer))
  // It may fail while something else is awaited, and is awaited itself by the caller.
  first.catch(() => undefined)
  return first
}
