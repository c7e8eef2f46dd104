import { basename, dirname } from 'node:path'
import type { JsonValue } from '../json-value.ts'
import { KillableProcessError } from '../parsing/killable-process.ts'
import { ProcessMeter } from '../sandbox/process-meter.ts'
import { CompilerConnection } from './compiler-connection.ts'
import { type Diagnostic, readDiagnostics } from './diagnostic.ts'
import type { TypeScriptInstallation } from './find-typescript.ts'
import { LANGUAGE_LIBRARIES, SANDBOX_GLOBALS } from './sandbox-globals.ts'

/** What the compiler is and how much it may use. */
export interface TypeScriptProcessOptions {
  readonly installation: Extract<TypeScriptInstallation, { isFound: true }>
  /** Resident memory at which it is killed, in MiB. */
  readonly memoryMb: number
}

/** The two texts that differ from check to check. */
export interface CheckedTexts {
  readonly program: string
  readonly declarations: string
}

const FOLDER = '/program'
const PROJECT = `${FOLDER}/tsconfig.json`
const PROGRAM = `${FOLDER}/program.ts`
const TOOLS = `${FOLDER}/tools.d.ts`
const SANDBOX = `${FOLDER}/sandbox.d.ts`

const CONFIGURATION = {
  compilerOptions: {
    target: 'esnext',
    lib: LANGUAGE_LIBRARIES,
    module: 'esnext',
    moduleDetection: 'force',
    types: [],
    noEmit: true,
    // Programs are loosely typed and right: what strictness adds is about the style of their authors.
    strict: false,
    noImplicitAny: false,
    strictNullChecks: false,
    skipLibCheck: true,
    // No text of a program may name a file that is then read.
    noResolve: true,
    singleThreaded: true,
  },
  files: ['sandbox.d.ts', 'tools.d.ts', 'program.ts'],
  // Otherwise missing types may be fetched from the network.
  typeAcquisition: { enable: false },
}

const START_DEADLINE_MS = 10_000
const MEMORY_LOOK_MS = 20
const MAX_CALLS = 5_000

// Its answers are known, so a compiler that means something else by the interface is noticed at once.
const PROBE: CheckedTexts = {
  declarations: 'interface Row { id: number }\ndeclare const probe: (row: Row) => Promise<Row>',
  program: 'probe({ id: "1" }).id',
}
const PROBE_CODES = [2322, 2339]
const AWAIT_REMARK = 2773

/**
 * A TypeScript compiler in a process of its own, kept warm: the libraries are read once, and each check
 * replaces one or two small files in its memory. It reads nothing of the disk but its libraries, and is
 * killed when a check takes too long or too much. One check at a time.
 */
export class TypeScriptProcess {
  readonly #options: TypeScriptProcessOptions
  readonly #files = new Map<string, string>()
  #connection: CompilerConnection | null = null
  #ready: Promise<void> | null = null
  #project = ''
  #snapshot: number | null = null
  #calls = 0
  #isClosed = false

  constructor(options: TypeScriptProcessOptions) {
    this.#options = options
  }

  /**
   * Starts the compiler, so that the first check need not wait for it.
   *
   * @throws {KillableProcessError} It cannot be started, or does not speak the interface that is expected.
   */
  async start(): Promise<void> {
    if (this.#isClosed) throw new KillableProcessError('aborted')
    if (this.#ready === null || this.#connection?.isAlive === false) this.#ready = this.#boot()
    await this.#ready
  }

  /**
   * Checks one program.
   *
   * @param limits - `deadlineMs` counts from the moment when the compiler is ready.
   * @throws {KillableProcessError} It took too long, too much, failed or was aborted.
   */
  async diagnose(
    texts: CheckedTexts,
    limits: { readonly deadlineMs: number; readonly signal: AbortSignal },
  ): Promise<readonly Diagnostic[]> {
    const { signal, deadlineMs } = limits
    const starting = this.start()
    // An idle compiler does not keep the host alive, one that somebody waits for does.
    this.#connection?.hold()
    await unlessAborted(starting, signal)
    const connection = this.#connection
    if (connection === null) throw new KillableProcessError('crashed')
    const onAbort = () => connection.kill('aborted')
    signal.addEventListener('abort', onAbort, { once: true })
    connection.hold()
    const stopWatching = this.#watch(connection, deadlineMs)
    try {
      if (signal.aborted) throw new KillableProcessError('aborted')
      return await this.#check(connection, texts)
    } catch (error) {
      connection.kill('crashed')
      throw error
    } finally {
      stopWatching()
      signal.removeEventListener('abort', onAbort)
      connection.release()
      this.#calls += 1
      if (this.#calls >= MAX_CALLS) this.#replace(connection)
    }
  }

  /** Ends the compiler. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#connection?.close()
  }

  /** What a compiler has built up goes with it; the next one starts before it is needed. */
  #replace(connection: CompilerConnection): void {
    connection.kill('aborted')
    this.start().catch(() => {})
  }

  async #boot(): Promise<void> {
    this.#snapshot = null
    this.#calls = 0
    this.#files.clear()
    this.#files.set(PROJECT, JSON.stringify(CONFIGURATION)).set(SANDBOX, SANDBOX_GLOBALS)
    this.#files.set(PROGRAM, PROBE.program).set(TOOLS, PROBE.declarations)
    const { installation, memoryMb } = this.#options
    const connection = new CompilerConnection({
      executable: installation.executable,
      folder: FOLDER,
      heapMb: Math.ceil(memoryMb / 2),
      onFileQuestion: (method, path) => this.#answer(method, path),
    })
    this.#connection = connection
    connection.release()
    const timer = setTimeout(() => connection.kill('crashed'), START_DEADLINE_MS)
    timer.unref()
    try {
      await connection.call('initialize', null)
      const opened = await connection.call('updateSnapshot', { openProjects: [PROJECT] })
      this.#project = readProject(opened)
      const found = await this.#check(connection, PROBE)
      if (!isExpected(found)) throw new KillableProcessError('crashed')
    } catch (error) {
      connection.kill('crashed')
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #check(
    connection: CompilerConnection,
    texts: CheckedTexts,
  ): Promise<readonly Diagnostic[]> {
    const changed = [PROGRAM]
    this.#files.set(PROGRAM, texts.program)
    if (this.#files.get(TOOLS) !== texts.declarations) {
      this.#files.set(TOOLS, texts.declarations)
      changed.push(TOOLS)
    }
    const updated = await connection.call('updateSnapshot', { fileChanges: { changed } })
    const snapshot = readSnapshot(updated)
    const before = this.#snapshot
    this.#snapshot = snapshot
    const params = { snapshot, project: this.#project, file: PROGRAM }
    const answer = await connection.call('getSemanticDiagnostics', params)
    // Nobody waits for it; a process that ends meanwhile has released everything.
    if (before !== null) connection.call('release', { snapshot: before }).catch(() => {})
    const diagnostics = readDiagnostics(answer)
    if (diagnostics === null) throw new KillableProcessError('crashed')
    return diagnostics
  }

  /** Kills the compiler at the deadline or above its memory, whichever is first. */
  #watch(connection: CompilerConnection, deadlineMs: number): () => void {
    const deadline = setTimeout(() => connection.kill('deadline'), deadlineMs)
    const meter = connection.pid === undefined ? null : new ProcessMeter(connection.pid)
    const maxBytes = this.#options.memoryMb * 1_048_576
    const memory = setInterval(() => {
      if ((meter?.residentBytes() ?? 0) > maxBytes) connection.kill('memory')
    }, MEMORY_LOOK_MS)
    return () => {
      clearTimeout(deadline)
      clearInterval(memory)
      meter?.close()
    }
  }

  #answer(method: string, path: string): JsonValue {
    const content = this.#files.get(path)
    const isLibrary = this.#isLibrary(path)
    switch (method) {
      case 'readFile':
        return isLibrary ? null : { content: content ?? null }
      case 'fileExists':
        return isLibrary ? null : content !== undefined
      case 'directoryExists':
        return path === FOLDER
      case 'getAccessibleEntries':
        return { files: [], directories: [] }
      default:
        return path
    }
  }

  #isLibrary(path: string): boolean {
    const isInFolder = dirname(path) === this.#options.installation.libraries
    return isInFolder && /^lib(?:\.[a-z0-9]+)*\.d\.ts$/.test(basename(path))
  }
}

function isExpected(diagnostics: readonly Diagnostic[]): boolean {
  const [argument, property] = diagnostics
  return (
    diagnostics.length === PROBE_CODES.length &&
    diagnostics.every(({ code }, index) => code === PROBE_CODES[index]) &&
    PROBE.program.slice(argument?.start, argument?.end) === 'id' &&
    property?.remarks.some(({ code }) => code === AWAIT_REMARK) === true
  )
}

function readSnapshot(answer: JsonValue): number {
  const snapshot = propertyOf(answer, 'snapshot')
  if (typeof snapshot !== 'number') throw new KillableProcessError('crashed')
  return snapshot
}

function readProject(answer: JsonValue): string {
  const projects = propertyOf(answer, 'projects')
  const id = Array.isArray(projects) ? propertyOf(projects[0] ?? null, 'id') : undefined
  if (typeof id !== 'string') throw new KillableProcessError('crashed')
  return id
}

function propertyOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: JsonValue })[name]
}

/** Waits no longer than the caller; what was started goes on, since the next check needs it as well. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(new KillableProcessError('aborted'))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
