import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { extname, join } from 'node:path'
import type { SpawnedProcess } from './spawner.ts'
import { SpawnError, signalProcess } from './spawner-launch.ts'
import type { SpawnerReport, SpawnerRequest, SpawnPlan } from './spawner-message.ts'
import { RemoteProcess } from './spawner-remote.ts'

const ENDING = extname(import.meta.filename)
const PROGRAM = join(import.meta.dirname, `spawner-child${ENDING}`)
const FLAGS = [
  '--no-warnings',
  '--no-addons',
  '--disable-sigusr1',
  '--max-old-space-size=16',
  '--max-semi-space-size=1',
  '--v8-pool-size=0',
  // 2 MB less, and no slower. But Node reads TypeScript with WebAssembly, which this removes.
  ...(ENDING === '.js' ? ['--jitless'] : []),
]
const START_TIMEOUT_MS = 15_000
// Longer than the spawner process itself waits for a process that does not report.
const ANSWER_TIMEOUT_MS = 20_000
const CLOSE_TIMEOUT_MS = 3_000
const MAX_WORDS = 4096

interface PendingSpawn {
  resolve(process: SpawnedProcess): void
  reject(error: SpawnError): void
  readonly timer: NodeJS.Timeout
  channel: Socket | null
  leader: number | null
}

/** One spawner process, from its start to its end, as the host sees it. */
export class SpawnerHelper {
  /** Whether the process got ready. Never rejects. */
  readonly ready: Promise<boolean>
  /** Resolves when the process and everything it started is gone. */
  readonly ended: Promise<void>
  readonly #process: ChildProcess
  readonly #pending = new Map<number, PendingSpawn>()
  readonly #running = new Map<number, RemoteProcess>()
  readonly #setReady: (isReady: boolean) => void
  readonly #setEnded: () => void
  #nextId = 0
  #isReady = false
  #isGone = false
  #isClosing = false
  #words = ''

  /**
   * @param node - The Node to run.
   * @throws {Error} If it cannot even be tried.
   */
  constructor(node: string) {
    const ready = Promise.withResolvers<boolean>()
    const ended = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.ended = ended.promise
    this.#setReady = ready.resolve
    this.#setEnded = ended.resolve
    this.#process = spawn(node, [...FLAGS, PROGRAM], {
      cwd: '/',
      env: {},
      // A session of its own: Ctrl-C in a terminal is the host's to answer.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    this.#connect()
  }

  /** Whether processes can be started with it. */
  get isUsable(): boolean {
    return !this.#isGone && !this.#isClosing
  }

  /** Process id of the spawner process. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Why it ended, as far as it or the system said so. */
  get lastWords(): string {
    return this.#words
  }

  /** @throws {SpawnError} If the process cannot be started, or the spawner process is gone. */
  spawn(plan: SpawnPlan): Promise<SpawnedProcess> {
    return new Promise((resolve, reject) => {
      if (!this.isUsable) throw new SpawnError('The spawner process is gone')
      const id = this.#nextId++
      const timer = this.#killUnless(() => !this.#pending.has(id), ANSWER_TIMEOUT_MS)
      this.#pending.set(id, { resolve, reject, timer, channel: null, leader: null })
      this.#hold()
      const { command, args, userId, filter, reportsPid } = plan
      this.send({
        type: 'spawn',
        id,
        plan: {
          command,
          args,
          reportsPid,
          ...(userId !== undefined && { userId }),
          ...(filter !== undefined && { filter }),
        },
      })
    })
  }

  send(request: SpawnerRequest): void {
    // A request that does not arrive has nobody to answer it, and then the end is seen as well.
    if (!this.#isGone) this.#process.send(request, () => undefined)
  }

  /** Ends the process with everything it started. */
  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true
      for (const pending of this.#pending.values()) {
        fail(pending, new SpawnError('The spawner was closed'))
      }
      this.#pending.clear()
      for (const running of this.#running.values()) running.kill()
      this.send({ type: 'close' })
    }
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
    await this.ended
    clearTimeout(timer)
  }

  #connect(): void {
    const { stdin, stderr } = this.#process
    const timer = this.#killUnless(() => this.#isReady, START_TIMEOUT_MS)
    void this.ready.then(() => clearTimeout(timer))
    stdin?.on('error', () => undefined)
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-MAX_WORDS)
    })
    this.#process.on('message', (message, handle) =>
      this.#onReport(message as SpawnerReport, (handle as Socket | undefined) ?? null),
    )
    this.#process.once('error', (error: NodeJS.ErrnoException) => {
      this.#words ||= error.code ?? error.message
      this.#onGone()
    })
    this.#process.once('disconnect', () => this.#process.kill('SIGKILL'))
    this.#process.once('close', () => this.#onGone())
    for (const stream of [stdin, stderr]) (stream as Socket | null)?.unref()
    this.#hold()
  }

  /** Keeps the host's event loop alive exactly as long as something is under way. */
  #hold(): void {
    const { channel } = this.#process
    if (this.#pending.size + this.#running.size > 0) {
      channel?.ref()
      this.#process.ref()
    } else {
      channel?.unref()
      this.#process.unref()
    }
  }

  #onReport(report: SpawnerReport, handle: Socket | null): void {
    if (report.type === 'ready') {
      this.#isReady = true
      this.#setReady(true)
      return
    }
    const pending = this.#pending.get(report.id)
    switch (report.type) {
      case 'channel':
        handle?.on('error', () => undefined)
        if (pending === undefined) handle?.destroy()
        else {
          pending.channel?.destroy()
          pending.channel = handle
          pending.leader = report.leader
        }
        break
      case 'spawned':
        this.#onSpawned(report)
        break
      case 'failed':
        this.#pending.delete(report.id)
        if (pending !== undefined) {
          fail(pending, new SpawnError(report.message, report.code, report.lastWords))
        }
        break
      case 'exited':
        this.#running.get(report.id)?.end(report.exit, report.lastWords)
        this.#running.delete(report.id)
        break
    }
    this.#hold()
  }

  #onSpawned({ id, pid, leader }: SpawnerReport & { type: 'spawned' }): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (pending === undefined || pending.channel === null) {
      this.send({ type: 'kill', id })
      if (pending !== undefined) {
        fail(pending, new SpawnError('The channel of the process did not arrive'))
      }
      return
    }
    clearTimeout(pending.timer)
    const kill = (): void => this.send({ type: 'kill', id })
    const remote = new RemoteProcess(pid, leader, pending.channel, kill)
    this.#running.set(id, remote)
    pending.resolve(remote)
  }

  /** A spawner process that does not answer is of no use to anybody. */
  #killUnless(hasAnswered: () => boolean, timeoutMs: number): NodeJS.Timeout {
    const check = (): void => {
      if (!hasAnswered()) this.#process.kill('SIGKILL')
    }
    // The answer may have arrived while the host itself was held up: it is read first.
    return setTimeout(() => setImmediate(check), timeoutMs)
  }

  #onGone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#setReady(false)
    for (const pending of this.#pending.values()) {
      if (pending.leader !== null) signalProcess(-pending.leader)
      fail(pending, new SpawnError('The spawner process is gone'))
    }
    this.#pending.clear()
    const orphans = [...this.#running.values()]
    this.#running.clear()
    void Promise.all(orphans.map((orphan) => orphan.abandon())).then(() => this.#setEnded())
  }
}

function fail(pending: PendingSpawn, error: SpawnError): void {
  clearTimeout(pending.timer)
  pending.channel?.destroy()
  pending.reject(error)
}
