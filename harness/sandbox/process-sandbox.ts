import { ConfigurationError, SandboxError } from '../errors.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { refuseUnknownOptions } from '../unknown-options.ts'
import type { IsolationDriver } from './isolation/driver.ts'
import type { IsolationFacts, IsolationMinimum } from './isolation/isolation-level.ts'
import { candidateDrivers, isRoot, probeDrivers } from './isolation/probe.ts'
import { locateRuntimeFiles, type RuntimeFiles } from './isolation/runtime-files.ts'
import { reachesMinimum } from './isolation/verify.ts'
import { Places } from './places.ts'
import type { ResourceLimits } from './resource-limits.ts'
import type { Sandbox, SandboxRequest, SandboxResult } from './sandbox.ts'
import { SandboxProcess } from './sandbox-process.ts'
import { SandboxRun } from './sandbox-run.ts'
import { WorkerPool } from './worker-pool.ts'

/** How a {@link ProcessSandbox} is made. */
export interface ProcessSandboxOptions {
  readonly isolation?: {
    /** The least isolation a run accepts. Default `'kernel'`; below it nothing runs. */
    readonly minimum?: IsolationMinimum
    /** The ways to start a process, strongest first. Default: whatever this host could support. */
    readonly drivers?: readonly IsolationDriver[]
  }
  /** Single-use processes kept ready. Default 2. */
  readonly warm?: number
  /** Most programs that run at the same time; four times as many wait. Default 8. */
  readonly maxConcurrent?: number
  readonly logger?: Logger
}

const OPTIONS = ['isolation', 'warm', 'maxConcurrent', 'logger']
const MINIMUMS: readonly IsolationMinimum[] = ['kernel', 'namespaced', 'process', 'best']

interface Chosen {
  readonly driver: IsolationDriver
  readonly files: RuntimeFiles
  readonly facts: IsolationFacts
  readonly pool: WorkerPool
}

/**
 * Runs every program in a fresh child process, inside a fresh WebAssembly instance of QuickJS in
 * that process: two walls. The process is started ahead of time, verified, used once and killed.
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
  readonly #minimum: IsolationMinimum
  readonly #drivers: readonly IsolationDriver[] | undefined
  readonly #warm: number
  readonly #places: Places
  readonly #logger: Logger
  readonly #runs = new Set<SandboxRun>()
  #chosen: Promise<Chosen> | null = null
  #isClosed = false

  constructor(options: ProcessSandboxOptions = {}) {
    const { isolation = {}, warm = 2, maxConcurrent = 8, logger = silentLogger } = options
    refuseUnknownOptions('ProcessSandbox', options, OPTIONS)
    refuseUnknownOptions('isolation', isolation, ['minimum', 'drivers'])
    if (isolation.minimum !== undefined && !MINIMUMS.includes(isolation.minimum)) {
      throw new ConfigurationError(`The isolation minimum is one of ${MINIMUMS.join(', ')}`)
    }
    if (!Number.isSafeInteger(warm) || warm < 0) {
      throw new ConfigurationError('The option warm must be a whole number, 0 or more')
    }
    if (!Number.isSafeInteger(maxConcurrent) || maxConcurrent < 1) {
      throw new ConfigurationError('The option maxConcurrent must be a whole number, 1 or more')
    }
    this.#minimum = isolation.minimum ?? 'kernel'
    this.#drivers = isolation.drivers
    this.#warm = warm
    this.#places = new Places(maxConcurrent, 4 * maxConcurrent)
    this.#logger = logger
  }

  async probe(): Promise<IsolationFacts> {
    return (await this.#ready()).facts
  }

  async run(request: SandboxRequest): Promise<SandboxResult> {
    const chosen = await this.#ready()
    const data = JSON.stringify(request.data ?? null)
    const tooLarge = exceededSize(request, data)
    if (tooLarge !== null) {
      const detail = 'The program or its data is larger than it may be'
      return neverStarted({ kind: 'limit', limit: tooLarge, detail }, chosen.facts)
    }
    const leave = await this.#places.enter(request.signal)
    if (leave === null) return neverStarted({ kind: 'cancelled' }, chosen.facts)
    let gone: Promise<void> | undefined
    try {
      const run = await this.#runInChild(request, data, chosen.pool)
      gone = run.gone
      return run.result
    } finally {
      // The place is free when the process is really gone, so there are never more than allowed.
      if (gone === undefined) leave()
      else void gone.then(leave)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const run of this.#runs) run.cancel()
    const chosen = await this.#chosen?.catch(() => null)
    await chosen?.pool.close()
    await this.#places.drained()
    chosen?.files.remove()
  }

  async #runInChild(
    request: SandboxRequest,
    data: string,
    pool: WorkerPool,
  ): Promise<{ result: SandboxResult; gone: Promise<void> }> {
    const child = await pool.take()
    // Verified for every process, not once for all: a host may change under a long-lived server.
    if (this.#isClosed || !reachesMinimum(child.facts, this.#minimum)) {
      await child.kill()
      throw this.#isClosed ? closedError() : this.#unavailable(child.facts)
    }
    const run = new SandboxRun(child, request)
    this.#runs.add(run)
    const result = await run.start(data)
    this.#runs.delete(run)
    if (result.ending.kind === 'violation' || result.ending.kind === 'crashed') {
      const { kind } = result.ending
      this.#logger.warn(
        { runId: request.runId, ending: kind, words: child.lastWords },
        'Sandbox anomaly',
      )
    }
    return { result, gone: run.gone }
  }

  /** Chooses a driver once; a choice that failed is made again the next time. */
  async #ready(): Promise<Chosen> {
    if (this.#isClosed) throw closedError()
    this.#chosen ??= this.#choose()
    try {
      return await this.#chosen
    } catch (error) {
      this.#chosen = null
      throw error
    }
  }

  async #choose(): Promise<Chosen> {
    const files = await locateRuntimeFiles(isRoot())
    try {
      const drivers = this.#drivers ?? candidateDrivers()
      const { driver, child } = await probeDrivers(drivers, files)
      const { facts } = child
      if (!reachesMinimum(facts, this.#minimum)) {
        await child.kill()
        throw this.#unavailable(facts)
      }
      this.#logger.info({ isolation: facts }, 'Sandbox ready')
      const pool = new WorkerPool(() => SandboxProcess.start(driver, files), this.#warm)
      pool.add(child)
      pool.fill()
      return { driver, files, facts, pool }
    } catch (error) {
      files.remove()
      throw error
    }
  }

  #unavailable(facts: IsolationFacts): SandboxError {
    const remedies = [...new Set(facts.missing.map(({ remedy }) => remedy))].join('; ')
    return new SandboxError(
      'ERR_ISOLATION_UNAVAILABLE',
      `This host gives isolation level "${facts.level}", the minimum is "${this.#minimum}". ${remedies}`,
    )
  }
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
  const usage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, outputBytes: 0 }
  return { ending, console: [], usage, isolation }
}
