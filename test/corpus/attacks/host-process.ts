import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Asked, HostAnswer } from './host-messages.ts'
import { ProcessTree } from './process-tree.ts'
import { LIMITS, type TargetName } from './target.ts'
import type { Workbench } from './workbench.ts'

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url))
const START_MS = 30_000
const ANSWER_MS = LIMITS.timeoutMs + 4_500
/** Who has not answered once is not waited for that long again. */
const SILENT_MS = 300
const SAMPLE_MS = 20
/**
 * Everything together may hold this much before it is ended. A limit on address space would end the
 * honest ones too: V8 and WebAssembly reserve many gigabytes they never touch.
 */
const MAX_TOTAL_MB = 2_000
const MAX_OUTPUT = 8 * 1_048_576

/** The victim, seen from outside: detached, watched, and ended together with everything it started. */
export class HostProcess {
  readonly tree: ProcessTree
  /** What it printed since the case began. */
  output = ''
  /** How it ended; `null` while it lives. */
  exit: string | null = null
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (value: unknown) => void>()
  readonly #watch: NodeJS.Timeout
  readonly #exited: Promise<void>
  #count = 0
  #isSilent = false

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.tree = new ProcessTree(pid)
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.exit ??= `host ended with ${signal ?? code}`
        for (const settle of this.#waiting.values()) settle(null)
        resolve()
      })
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        if (this.output.length < MAX_OUTPUT) this.output += String(chunk)
      })
    }
    // A host that ends while it is asked something is seen by its exit.
    child.on('error', () => {})
    child.on('message', (message: HostAnswer) => {
      if (message.kind === 'answer') this.#waiting.get(message.id)?.(message.value)
    })
    this.#watch = setInterval(() => {
      if (this.tree.sample() > MAX_TOTAL_MB) this.#kill('host ended by the memory watchdog')
    }, SAMPLE_MS)
  }

  /**
   * Starts a host and waits until it is ready.
   *
   * @throws {Error} When it does not come up; says what it printed.
   */
  static async start(target: TargetName, bench: Workbench): Promise<HostProcess> {
    const child = fork(HOST, [target, bench.databaseFile], {
      detached: true,
      cwd: join(bench.folder, 'cwd'),
      execArgv: ['--max-old-space-size=512'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        TMPDIR: join(bench.folder, 'scratch'),
        CANARY_SECRET: bench.envToken,
        ...(/^(?:product-without|layers:|driver:)/.test(target) ? { AIRLOCK_UNSAFE: '1' } : {}),
      },
    })
    if (child.pid === undefined) throw new Error('The host could not be started')
    const host = new HostProcess(child, child.pid)
    const isReady = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, START_MS, false)
      child.once('message', () => {
        clearTimeout(timer)
        resolve(true)
      })
      child.once('exit', () => {
        clearTimeout(timer)
        resolve(false)
      })
    })
    if (isReady) return host
    await host.stop()
    throw new Error(`The host did not come up: ${host.output.slice(-2_000)}`)
  }

  /** Asks and waits; `null` when the host ended or did not answer in time. */
  ask<T>(question: Asked): Promise<T | null> {
    this.#count += 1
    const id = this.#count
    if (this.exit !== null) return Promise.resolve(null)
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#isSilent = true
          resolve(null)
        },
        this.#isSilent ? SILENT_MS : ANSWER_MS,
      )
      this.#waiting.set(id, (value) => {
        clearTimeout(timer)
        this.#isSilent = false
        this.#waiting.delete(id)
        resolve(value as T | null)
      })
      this.#child.send({ id, ...question }, () => {})
    })
  }

  /** Ends the host and everything it started. */
  async stop(): Promise<void> {
    clearInterval(this.#watch)
    this.tree.sample()
    this.#kill('host was stopped')
    await this.#exited
    this.tree.killAll()
  }

  #kill(reason: string): void {
    this.exit ??= reason
    const { pid } = this.#child
    try {
      // Its own group, and never that of the tests.
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
    this.tree.killAll()
  }
}
