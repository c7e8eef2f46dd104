import { GuestException, type RealmHost } from './engine.ts'
import { GuestText, TEXT_BYTES, type TextRoom } from './quickjs-text.ts'
import { type QuickJsExports, type WasmMemory, type WasmModule, wasm } from './quickjs-wasm.ts'

const NOT_SUPPORTED = 52
const WALL_CLOCK = 0
const CELL_BYTES = 4
const MAX_ARGUMENTS = 4
// Neither text nor positions of the realm's own code: it is smaller, and stays out of stack traces.
const STRIP_ALL = (1 << 4) | (1 << 5)

/** Addresses in the memory of an instance, the same in each that starts from one image. */
export interface Workspace extends TextRoom {
  /** Cells for the arguments of a call. */
  readonly args: number
  readonly undefinedBox: number
}

/** The host of an engine while its realm is built: the realm reads clocks, but must not keep them. */
const STILL_HOST: RealmHost = {
  memoryBytes: 0,
  wallClockMs: () => 0,
  elapsedMs: () => 0,
  onTick: () => undefined,
  call: () => '',
}

const refuse = (): never => {
  throw new Error('The realm has no host yet')
}

/** The host of a realm that was made ahead of time: no guest code runs in it. */
const NO_HOST: RealmHost = {
  memoryBytes: 0,
  wallClockMs: refuse,
  elapsedMs: refuse,
  onTick: refuse,
  call: refuse,
}

function startEngine(exports: QuickJsExports): Workspace {
  exports._initialize()
  if (exports.qjs_init() !== 0) throw new Error('The engine does not start')
  return {
    text: exports.malloc(TEXT_BYTES),
    length: exports.malloc(CELL_BYTES),
    args: exports.malloc(MAX_ARGUMENTS * CELL_BYTES),
    undefinedBox: exports.qjs_get_undefined(),
  }
}

/**
 * One instance of the engine: calls into it, and what it asks of the host. Whatever the host throws
 * leaves the guest at once, through all of its frames; the guest has no chance to tidy up, so the
 * instance must not be entered again.
 */
export class QuickJsInstance {
  readonly exports: QuickJsExports
  readonly workspace: Workspace
  /** Whom the guest's questions go to. */
  host: RealmHost
  /** What the host threw, if it did. */
  thrownByHost: unknown = null
  readonly #text: GuestText

  /** @param workspace - Where `memory` has it, or null to start an engine in memory without one. */
  constructor(module: WasmModule, memory: WasmMemory, workspace: Workspace | null) {
    this.host = workspace === null ? STILL_HOST : NO_HOST
    const imports = {
      env: { memory, ...this.#engineImports() },
      wasi_snapshot_preview1: this.#systemImports(),
    }
    this.exports = new wasm.Instance(module, imports).exports as unknown as QuickJsExports
    this.#text = new GuestText(this.exports)
    this.workspace = workspace ?? startEngine(this.exports)
    this.#text.use(this.workspace)
  }

  /** Makes a string. @returns Its box. */
  newString(text: string): number {
    const { exports } = this
    return this.#checked(
      this.#text.lend(text, (address, length) => exports.qjs_new_string(address, length)),
    )
  }

  /** Makes the function through which the guest asks its host. @returns Its box. */
  newHostFunction(): number {
    const name = 'host'
    return this.#checked(
      this.#text.lend(name, (address, length) =>
        this.exports.qjs_new_host_function(address, length, 0),
      ),
    )
  }

  /** Lets go of a value. */
  free(box: number): void {
    this.exports.qjs_free_value(box)
  }

  /** Evaluates a script. @returns The box of its completion value. */
  evaluate(code: string, fileName: string): number {
    const text = this.#text
    return this.#checked(
      text.lendCopy(fileName, (file) =>
        text.lendCopy(code, (address, length) => this.exports.qjs_eval(address, length, file, 0)),
      ),
    )
  }

  /**
   * Compiles a script to bytecode for {@link evaluateBytecode}. Its functions lose their source, so that
   * their text is that of built-in functions; their places in stack traces stay.
   */
  compile(code: string, fileName: string): Uint8Array {
    const { exports, workspace } = this
    const text = this.#text
    const start = text.lendCopy(fileName, (file) =>
      text.lendCopy(code, (address, length) =>
        exports.qjs_compile(address, length, file, 0, STRIP_ALL, workspace.length),
      ),
    )
    if (start === 0) throw this.#takeException()
    const { bytes } = text
    return new Uint8Array(bytes.subarray(start, start + bytes.readUInt32LE(workspace.length)))
  }

  /** Evaluates a script that another instance of the same engine compiled. @returns Its value's box. */
  evaluateBytecode(bytecode: Uint8Array): number {
    const { exports } = this
    const address = exports.malloc(bytecode.length)
    this.#text.bytes.set(bytecode, address)
    const box = exports.qjs_eval_bytecode(address, bytecode.length)
    exports.free(address)
    return this.#checked(box)
  }

  /** Calls a function with at most four arguments, whose boxes are freed. @returns Its result's box. */
  call(fn: number, ...args: readonly number[]): number {
    const { exports } = this
    const { args: cells, undefinedBox } = this.workspace
    const { bytes } = this.#text
    for (let i = 0; i < args.length; i++) bytes.writeUInt32LE(args[i] ?? 0, cells + i * CELL_BYTES)
    const result = exports.qjs_call(fn, undefinedBox, args.length, cells)
    for (let i = 0; i < args.length; i++) exports.qjs_free_value(args[i] ?? 0)
    return this.#checked(result)
  }

  /** A property of an object. @returns The box of its value. */
  property(box: number, key: string): number {
    return this.#checked(this.#property(box, key))
  }

  /** Runs promise reactions until none is left, or until the host throws in between. */
  runJobs(): void {
    while (this.exports.qjs_is_job_pending() !== 0) {
      this.#tick()
      if (this.exports.qjs_execute_pending_job() < 0) throw this.#takeException()
    }
  }

  #checked(box: number): number {
    if (box === 0) throw new GuestException('InternalError', 'out of memory', '')
    if (this.exports.qjs_is_exception(box) === 0) return box
    this.exports.qjs_free_value(box)
    throw this.#takeException()
  }

  #takeException(): GuestException {
    const thrown = this.exports.qjs_get_exception()
    const name = this.#field(thrown, 'name') ?? 'Error'
    const message = this.#field(thrown, 'message') ?? this.#text.read(thrown) ?? ''
    const exception = new GuestException(name, message, this.#field(thrown, 'stack') ?? '')
    this.exports.qjs_free_value(thrown)
    return exception
  }

  /** The text of a property. It may be a getter of the guest that throws: then there is none. */
  #field(box: number, key: string): string | null {
    const { exports } = this
    const value = this.#property(box, key)
    if (value === 0) return null
    const isMissing = exports.qjs_is_exception(value) !== 0 || exports.qjs_is_undefined(value) !== 0
    const text = isMissing ? null : this.#text.read(value)
    exports.qjs_free_value(value)
    if (text === null) exports.qjs_free_value(exports.qjs_get_exception())
    return text
  }

  #property(box: number, key: string): number {
    return this.#text.lendCopy(key, (name) => this.exports.qjs_get_prop_string(box, name))
  }

  /** The guest's one function of the host: an operation and a text, answered with a text. */
  #hostCall(args: number): number {
    const { bytes } = this.#text
    const [first, second] = [bytes.readUInt32LE(args), bytes.readUInt32LE(args + CELL_BYTES)]
    const operation = this.#text.read(first)
    const text = this.#text.read(second)
    // The exception of the guest is set; 0 lets it take its course.
    if (operation === null || text === null) return 0
    const answer = this.#ask((host) => host.call(operation, text))
    const box = this.#text.lend(answer, (address, length) =>
      this.exports.qjs_new_string(address, length),
    )
    if (box === 0) this.exports.JS_ThrowOutOfMemory(this.exports.qjs_get_context_ptr())
    return box
  }

  #tick(): number {
    this.#ask((host) => host.onTick())
    return 0
  }

  #ask<T>(question: (host: RealmHost) => T): T {
    try {
      return question(this.host)
    } catch (error) {
      this.thrownByHost = error
      throw error
    }
  }

  #engineImports(): Readonly<Record<string, (...args: number[]) => number>> {
    return {
      host_call: (_name, _nameLength, _receiver, _count, args = 0) => this.#hostCall(args),
      host_interrupt: () => this.#tick(),
      host_promise_rejection: () => 0,
      host_module_normalize: () => 0,
      host_module_load: () => 0,
      host_get_timezone_offset: () => 0,
    }
  }

  /** Nothing of a system but the clocks. Random bytes are the realm's business, from the run's seed. */
  #systemImports(): Readonly<Record<string, unknown>> {
    const refused = (): number => NOT_SUPPORTED
    return {
      clock_time_get: (clock: number, _precision: bigint, result: number) => {
        this.#text.bytes.writeBigUInt64LE(this.#nanoseconds(clock), result)
        return 0
      },
      random_get: (address: number, length: number) => {
        this.#text.bytes.fill(0, address, address + length)
        return 0
      },
      fd_close: refused,
      fd_fdstat_get: refused,
      fd_seek: refused,
      fd_write: refused,
    }
  }

  #nanoseconds(clock: number): bigint {
    const ms = this.#ask((host) => (clock === WALL_CLOCK ? host.wallClockMs() : host.elapsedMs()))
    // Not straight to nanoseconds: today's date in those is more than a number holds exactly.
    return BigInt(Math.round(ms * 1000)) * 1000n
  }
}
