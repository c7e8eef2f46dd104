import { type Logger, silentLogger } from '../logger.ts'
import type { LaunchPlan } from './isolation/driver.ts'
import type { SpawnedProcess, Spawner } from './spawner.ts'
import { SpawnerHelper } from './spawner-helper.ts'
import { type LaunchedProcess, launch, SpawnError } from './spawner-launch.ts'

const RETRY_AFTER_MS = 30_000

/** What a {@link ProcessSpawner} is made with. */
export interface ProcessSpawnerOptions {
  /** Where it is said that the spawner process ended or cannot be started. Default: nowhere. */
  readonly logger?: Logger
  /** Path of the Node that runs the spawner process. Default: the one that runs this. */
  readonly node?: string
}

/**
 * Starts processes from a small process of its own, because a process with much memory stops for long
 * each time it starts another (40 ms with 1 GB resident). The small one is started when it is first
 * needed and started anew when it ends. Where it cannot be started at all, and on Windows, processes
 * are started from here.
 */
export class ProcessSpawner implements Spawner {
  readonly #logger: Logger
  readonly #node: string
  readonly #direct = new DirectSpawner()
  #helper: SpawnerHelper | null = null
  #retryAtMs = process.platform === 'win32' ? Number.POSITIVE_INFINITY : 0
  #isClosed = false

  constructor({ logger = silentLogger, node = process.execPath }: ProcessSpawnerOptions = {}) {
    this.#logger = logger
    this.#node = node
  }

  /** Process id of the spawner process, or null while there is none. */
  get helperPid(): number | null {
    return this.#helper?.isUsable === true ? (this.#helper.pid ?? null) : null
  }

  /** @throws {SpawnError} If the process cannot be started. Nothing of it is left then. */
  async spawn(plan: LaunchPlan): Promise<SpawnedProcess> {
    const helper = await this.#readyHelper()
    if (this.#isClosed) throw new SpawnError('The spawner was closed')
    return helper === null ? this.#direct.spawn(plan) : helper.spawn(plan)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#helper?.close(), this.#direct.close()])
  }

  async #readyHelper(): Promise<SpawnerHelper | null> {
    if (this.#helper?.isUsable !== true) {
      if (this.#isClosed || performance.now() < this.#retryAtMs) return null
      this.#helper = this.#startHelper()
    }
    const helper = this.#helper
    if (helper === null || (await helper.ready)) return helper
    return null
  }

  #startHelper(): SpawnerHelper | null {
    try {
      const helper = new SpawnerHelper(this.#node)
      void helper.ready.then(async (isReady) => {
        if (!isReady) return this.#fallBack(helper.lastWords)
        await helper.ended
        if (this.#isClosed) return
        this.#logger.warn({ reason: helper.lastWords }, 'The spawner process ended')
      })
      return helper
    } catch (error) {
      this.#fallBack(String(error))
      return null
    }
  }

  #fallBack(reason: string): void {
    if (this.#isClosed) return
    this.#retryAtMs = performance.now() + RETRY_AFTER_MS
    this.#logger.warn(
      { reason },
      'The spawner process cannot be started: processes are started from the host itself',
    )
  }
}

/** Starts processes from this process itself. */
export class DirectSpawner implements Spawner {
  readonly #running = new Set<LaunchedProcess>()
  #isClosed = false

  /** @throws {SpawnError} If the process cannot be started. Nothing of it is left then. */
  async spawn(plan: LaunchPlan): Promise<SpawnedProcess> {
    if (this.#isClosed) throw new SpawnError('The spawner was closed')
    const child = await launch(plan)
    this.#running.add(child)
    void child.exited.then(() => this.#running.delete(child))
    await child.started
    if (!this.#isClosed) return child
    child.kill()
    await child.exited
    throw new SpawnError('The spawner was closed')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const child of this.#running) child.kill()
    await Promise.all([...this.#running].map((child) => child.exited))
  }
}
