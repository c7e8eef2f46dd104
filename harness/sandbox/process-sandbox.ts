import { ConfigurationError, SandboxError } from '../errors.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { refuseUnknownOptions } from '../unknown-options.ts'
import { type CgroupOptions, cgroupMaker, readCgroupOptions } from './isolation/cgroup-options.ts'
import type { IsolationDriver } from './isolation/driver.ts'
import type { IsolationFacts, IsolationMinimum } from './isolation/isolation-level.ts'
import { candidateDrivers, isRoot, probeDrivers } from './isolation/probe.ts'
import { locateRuntimeFiles, type RuntimeFiles } from './isolation/runtime-files.ts'
import { reachesMinimum } from './isolation/verify.ts'
import { ProcessSpawner } from './process-spawner.ts'
import type { ResourceLimits } from './resource-limits.ts'
import { NO_USAGE, type Sandbox, type SandboxRequest, type SandboxResult } from './sandbox.ts'
import { SandboxProcess } from './sandbox-process.ts'
import { SandboxRun } from './sandbox-run.ts'
import type { Spawner } from './spawner.ts'
import { type PoolOptions, WorkerPool } from './worker-pool.ts'

/** The engines that run programs. */
export type SandboxEngine = 'quickjs' | 'v8'

/** How a {@link ProcessSandbox} is made. */
export interface ProcessSandboxOptions {
  /**
   * `quickjs` (default) runs everywhere and shares a process among the programs of one trust domain.
   * `v8` computes several times faster, and kills its process after each program.
   */
  readonly engine?: SandboxEngine
  readonly isolation?: {
    /** The least isolation a run accepts. Default `'kernel'`; below it nothing runs. */
    readonly minimum?: IsolationMinimum
    /** The ways to start a process, strongest first. Default: whatever this host could support. */
    readonly drivers?: readonly IsolationDriver[]
    /** A control group of the kernel around each process. Default: none. Where it cannot be, nothing runs. */
    readonly cgroup?: CgroupOptions
  }
  readonly pool?: PoolOptions
  readonly logger?: Logger
}

const OPTIONS = ['engine', 'isolation', 'pool', 'logger']
const MINIMUMS: readonly IsolationMinimum[] = ['kernel', 'namespaced', 'process', 'best']
const POOL_DEFAULTS = { min: 2, max: 8, maxRunsAtOnce: 8, maxRuns: 1_000, idleMs: 60_000 }

interface Chosen {
  readonly files: RuntimeFiles
  readonly facts: IsolationFacts
  readonly pool: WorkerPool
}

/**
 * Runs every program in a realm of its own inside an isolated child process. With `quickjs` that realm
 * is a fresh WebAssembly instance, so two walls stand on every platform. Processes are started ahead
 * of time and verified one by one; what cannot be verified runs nothing.
 *
 * @example
 * ```ts
 * const sandbox = new ProcessSandbox({ isolation: { minimum: 'kernel' } })
 * const result = await sandbox.run(request)
 * if (result.ending.kind === 'returned') console.log(result.ending.value)
 * await sandbox.close()
 * ```
 */
export class ProcessSandbox implements Sandbox {
  readonly #engine: SandboxEngine
  readonly #minimum: IsolationMinimum
  readonly #drivers: readonly IsolationDriver[] | undefined
  readonly #cgroup: Required<CgroupOptions> | null
  readonly #pool: Required<PoolOptions>
  readonly #logger: Logger
  readonly #spawner: Spawner
  readonly #runs = new Set<SandboxRun>()
  #chosen: Promise<Chosen> | null = null
  #closing: Promise<void> | null = null

  /** @throws {ConfigurationError} Names the option and what it may be. */
  constructor(options: ProcessSandboxOptions = {}) {
    const { engine = 'quickjs', isolation = {}, logger = silentLogger } = options
    refuseUnknownOptions('ProcessSandbox', options, OPTIONS)
    refuseUnknownOptions('isolation', isolation, ['minimum', 'drivers', 'cgroup'])
    if (engine !== 'quickjs' && engine !== 'v8') {
      throw new ConfigurationError('The sandbox engine is quickjs or v8')
    }
    if (isolation.minimum !== undefined && !MINIMUMS.includes(isolation.minimum)) {
      throw new ConfigurationError(`The isolation minimum is one of ${MINIMUMS.join(', ')}`)
    }
    this.#engine = engine
    this.#minimum = isolation.minimum ?? 'kernel'
    this.#drivers = isolation.drivers
    this.#cgroup = isolation.cgroup === undefined ? null : readCgroupOptions(isolation.cgroup)
    this.#pool = readPool(options.pool ?? {})
    this.#logger = logger
    this.#spawner = new ProcessSpawner({ logger })
  }

  async probe(): Promise<IsolationFacts> {
    return (await this.#ready()).facts
  }

  async run(request: SandboxRequest): Promise<SandboxResult> {
    const { facts, pool } = await this.#ready()
    if (this.#closing !== null) throw closedError()
    const data = JSON.stringify(request.data ?? null)
    const tooLarge = exceededSize(request, data)
    if (tooLarge !== null) {
      const detail = 'The program or its data is larger than it may be'
      return neverStarted({ kind: 'limit', limit: tooLarge, detail }, facts)
    }
    if (request.signal?.aborted === true) return neverStarted({ kind: 'cancelled' }, facts)
    const run = new SandboxRun(request, data, facts)
    this.#runs.add(run)
    try {
      pool.submit(run, request.trustDomain ?? null)
      return await run.result
    } catch (error) {
      run.fail(error)
      throw error
    } finally {
      this.#runs.delete(run)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const run of this.#runs) run.cancel()
    const chosen = await this.#chosen?.catch(() => null)
    await chosen?.pool.close()
    await this.#spawner.close()
    chosen?.files.remove()
  }

  /** Chooses a driver once; a choice that failed is made again the next time. */
  async #ready(): Promise<Chosen> {
    if (this.#closing !== null) throw closedError()
    this.#chosen ??= this.#choose()
    try {
      return await this.#chosen
    } catch (error) {
      this.#chosen = null
      throw error
    }
  }

  async #choose(): Promise<Chosen> {
    const files = await locateRuntimeFiles(isRoot(), this.#engine)
    try {
      const drivers = this.#drivers ?? candidateDrivers()
      const cgroup = this.#cgroup === null ? null : cgroupMaker(this.#cgroup)
      const start = (driver: IsolationDriver) =>
        SandboxProcess.start(this.#spawner, driver, files, cgroup)
      const { driver, child } = await probeDrivers(drivers, start)
      const { facts } = child
      if (!reachesMinimum(facts, this.#minimum)) {
        child.kill()
        throw this.#unavailable(facts)
      }
      this.#logger.info({ isolation: facts }, 'Sandbox ready')
      const pool = this.#openPool(() => start(driver))
      pool.add(child)
      return { files, facts, pool }
    } catch (error) {
      files.remove()
      throw error
    }
  }

  #openPool(start: () => Promise<SandboxProcess>): WorkerPool {
    return new WorkerPool({
      isReusable: this.#engine === 'quickjs',
      options: this.#pool,
      start: async () => {
        const child = await start()
        // Verified for every process, not once for all: a host may change under a long-lived server.
        if (reachesMinimum(child.facts, this.#minimum)) return child
        child.kill()
        throw this.#unavailable(child.facts)
      },
      listener: {
        onAnomaly: (anomaly, { facts, lastWords, pid }) => {
          this.#logger.warn({ anomaly, pid, level: facts.level, lastWords }, 'Sandbox anomaly')
        },
      },
    })
  }

  #unavailable(facts: IsolationFacts): SandboxError {
    const remedies = [...new Set(facts.missing.map(({ remedy }) => remedy))].join('; ')
    return new SandboxError(
      'ERR_ISOLATION_UNAVAILABLE',
      `This host gives isolation level "${facts.level}", the minimum is "${this.#minimum}". ${remedies}`,
    )
  }
}

function readPool(pool: PoolOptions): Required<PoolOptions> {
  const keys = ['min', 'max', 'maxQueued', 'maxRunsAtOnce', 'maxRuns', 'idleMs'] as const
  refuseUnknownOptions('pool', pool, keys)
  for (const key of keys) {
    const value = pool[key]
    const least = key === 'min' || key === 'maxQueued' ? 0 : 1
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) continue
    throw new ConfigurationError(`The pool's ${key} must be a whole number, ${least} or more`)
  }
  const max = pool.max ?? Math.max(POOL_DEFAULTS.max, pool.min ?? 0)
  const min = Math.min(pool.min ?? POOL_DEFAULTS.min, max)
  if (pool.min !== undefined && pool.min > max) {
    throw new ConfigurationError("The pool's min must not be larger than its max")
  }
  return { ...POOL_DEFAULTS, maxQueued: 4 * max, ...pool, min, max }
}

function closedError(): SandboxError {
  return new SandboxError('ERR_SANDBOX_FAILED', 'The sandbox is closed')
}

function exceededSize(request: SandboxRequest, data: string): keyof ResourceLimits | null {
  const { maxProgramBytes, maxMessageBytes } = request.limits
  if (Buffer.byteLength(request.program.code) > maxProgramBytes) return 'maxProgramBytes'
  return Buffer.byteLength(data) > maxMessageBytes ? 'maxMessageBytes' : null
}

function neverStarted(ending: SandboxResult['ending'], isolation: IsolationFacts): SandboxResult {
  return { ending, console: [], abandonedCalls: [], usage: NO_USAGE, isolation }
}
