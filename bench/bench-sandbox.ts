import type {
  IsolationFacts,
  JsonValue,
  ProcessSandbox,
  ProcessSandboxOptions,
  ResourceLimits,
  SandboxResult,
} from '../harness/index.ts'
import { built } from './built.ts'

/** The engines that are measured. */
export const ENGINES: readonly Engine[] = ['quickjs', 'v8']

/** An engine of the sandbox. */
export type Engine = 'quickjs' | 'v8'

/** A host function of a bench program. */
export type BenchTool = (argument: JsonValue) => JsonValue | Promise<JsonValue>

/** One program: the body of an async function that calls `tool(name, argument)`. */
export interface Guest {
  readonly body: string
  readonly tools?: Readonly<Record<string, BenchTool>>
  readonly data?: JsonValue
  readonly trustDomain?: string
  readonly limits?: Partial<ResourceLimits>
  readonly signal?: AbortSignal
}

/** Time after which a pool of single-use processes is full again, in milliseconds. */
export const REFILL_MS = 150

const MANY_CALLS = 1_000_000

/** One sandbox at the level this host gives, with the defaults of the peers' bench for each run. */
export class BenchSandbox {
  readonly engine: Engine
  readonly facts: IsolationFacts
  readonly #sandbox: ProcessSandbox
  readonly #limits: ResourceLimits
  #nextRun = 0

  private constructor(
    engine: Engine,
    opened: { sandbox: ProcessSandbox; facts: IsolationFacts; limits: ResourceLimits },
  ) {
    this.engine = engine
    this.facts = opened.facts
    this.#sandbox = opened.sandbox
    this.#limits = opened.limits
  }

  /** Starts a sandbox and waits until it has a verified process. */
  static async open(
    engine: Engine,
    pool: ProcessSandboxOptions['pool'] = {},
  ): Promise<BenchSandbox> {
    const harness = await built<typeof import('../harness/index.ts')>('harness/index.js')
    const sandbox = new harness.ProcessSandbox({ engine, isolation: { minimum: 'best' }, pool })
    const facts = await sandbox.probe()
    const limits: ResourceLimits = {
      ...harness.DEFAULT_LIMITS,
      timeoutMs: 30_000,
      cpuMs: 30_000,
      memoryMb: 128,
      maxToolCalls: MANY_CALLS,
    }
    return new BenchSandbox(engine, { sandbox, facts, limits })
  }

  /** For whatever wants the sandbox itself. */
  get sandbox(): ProcessSandbox {
    return this.#sandbox
  }

  run(guest: Guest): Promise<SandboxResult> {
    const { body, tools = {}, data = null, trustDomain = 'bench', limits, signal } = guest
    return this.#sandbox.run({
      runId: `bench-${this.#nextRun++}`,
      program: {
        code: `(async function () { const tool = (name, args) => tools[name](args);\n${body}\n})`,
        hash: '',
      },
      data,
      toolNames: Object.keys(tools),
      limits: { ...this.#limits, ...limits },
      determinism: { startTimeMs: Date.now(), seed: '5e'.repeat(32) },
      trustDomain,
      ...(signal !== undefined && { signal }),
      onToolCall: async ({ name, argument }) => ({
        kind: 'value',
        value: (await tools[name]?.(argument)) ?? null,
      }),
    })
  }

  /**
   * The value of a program that has to return.
   *
   * @throws {Error} If it ended in any other way.
   */
  async value(guest: Guest): Promise<JsonValue> {
    const { ending } = await this.run(guest)
    if (ending.kind === 'returned') return ending.value
    throw new Error(`A bench program did not return: ${JSON.stringify(ending)}`)
  }

  close(): Promise<void> {
    return this.#sandbox.close()
  }
}
