import { SandboxError } from '../errors.ts'
import { parseChildMessage } from './child-message.ts'
import type { Cgroup } from './isolation/cgroup.ts'
import type { MakeCgroup } from './isolation/cgroup-options.ts'
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
   * @param makeCgroup - Makes the control group that the process is put in before it hears of any program.
   * @throws {SandboxError} `ERR_SANDBOX_FAILED` if it does not get ready; it is gone then.
   */
  static async start(
    spawner: Spawner,
    driver: IsolationDriver,
    files: RuntimeFiles,
    makeCgroup: MakeCgroup | null = null,
  ): Promise<SandboxProcess> {
    let spawned: SpawnedProcess | null = null
    let cgroup: Cgroup | null = null
    try {
      const plan = driver.plan(files)
      cgroup = makeCgroup?.() ?? null
      spawned = await spawner.spawn(plan)
      if (cgroup !== null) void removeAfter(spawned, cgroup)
      await cgroup?.add(spawned.pid)
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
      const seen = { pid, driver: driver.name, engine, isSealed, selfTest }
      const facts = verifyIsolation(cgroup === null ? seen : { ...seen, cgroup })
      if (cgroup !== null && !facts.layers.includes('cgroup')) {
        throw new Error('The process is not in its control group')
      }
      return new SandboxProcess(spawned, facts)
    } catch (error) {
      spawned?.kill()
      if (spawned === null) cgroup?.remove()
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

const REMOVE_ATTEMPTS = 20
const REMOVE_PAUSE_MS = 50

/** Takes a control group away once its process is gone; the kernel may need a moment to see that. */
async function removeAfter(spawned: SpawnedProcess, cgroup: Cgroup): Promise<void> {
  await spawned.exited
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS && !cgroup.remove(); attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, REMOVE_PAUSE_MS).unref())
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
