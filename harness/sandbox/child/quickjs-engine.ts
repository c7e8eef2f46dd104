import type { JSValueHandle, QuickJS, QuickJSOptions, Snapshot } from 'quickjs-wasi'
import { ENGINE_STACK_BYTES } from './engine-stack.ts'
import type { RealmEntry } from './realm/entry.ts'
import { REALM_SOURCE } from './realm/realm-source.ts'

/** The engine package as loaded at run time; its place is not known when this file is written. */
export type EngineModule = typeof import('quickjs-wasi')

/** The one part of `WebAssembly` used here; the type library of Node does not describe it. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object }

/** The bytes of the engine and of its one extension that is used as it is. */
export interface EngineBinaries {
  readonly engine: Uint8Array<ArrayBuffer>
  readonly encoding: Uint8Array<ArrayBuffer>
}

/** What a realm needs from the runner around it. */
export interface RealmHost {
  readonly memoryBytes: number
  /** What `Date.now()` answers now, milliseconds since 1970. */
  wallClockMs(): number
  /** What `performance.now()` answers now. */
  elapsedMs(): number
  /** Called every few hundred microseconds while guest code runs. */
  onTick(): void
  /** One operation of the realm. Must not throw: a host error would show its stack to the guest. */
  call(operation: string, text: string): string
}

const ENTRY_METHODS = [
  'start',
  'begin',
  'settle',
  'fireTimer',
  'nextTimer',
  'pendingCalls',
] as const
type EntryMethod = (typeof ENTRY_METHODS)[number] & keyof RealmEntry

/**
 * QuickJS in WebAssembly. The realm is built once and kept as a snapshot; each run gets a fresh
 * WebAssembly instance with a copy of it.
 */
export class QuickJsEngine {
  readonly #module: EngineModule
  readonly #wasm: object
  readonly #encoding: object
  #snapshot: Snapshot | null = null
  #entryTokens: ReadonlyMap<EntryMethod, number> = new Map()

  private constructor(module: EngineModule, binaries: EngineBinaries) {
    this.#module = module
    this.#wasm = new WebAssembly.Module(binaries.engine)
    this.#encoding = new WebAssembly.Module(binaries.encoding)
  }

  /** Compiles the engine and builds the realm. */
  static async load(module: EngineModule, binaries: EngineBinaries): Promise<QuickJsEngine> {
    const engine = new QuickJsEngine(module, binaries)
    await engine.#buildRealm()
    return engine
  }

  async #buildRealm(): Promise<void> {
    const still: RealmHost = {
      memoryBytes: 64 * 1024 * 1024,
      wallClockMs: () => 0,
      elapsedMs: () => 0,
      onTick: () => undefined,
      call: () => '',
    }
    const vm = await this.#module.QuickJS.create(this.#options(still))
    const host = vm.newFunction('host', () => vm.undefined)
    const install = vm.evalCode(REALM_SOURCE, 'realm.js')
    const entry = vm.callFunction(install, vm.undefined, host)
    const tokens = new Map<EntryMethod, number>()
    for (const name of ENTRY_METHODS) tokens.set(name, vm.exportHandle(entry.getProp(name)))
    this.#entryTokens = tokens
    this.#snapshot = vm.snapshot()
    vm.dispose()
  }

  /** Makes a fresh realm. */
  async createRealm(host: RealmHost): Promise<QuickJsRealm> {
    if (this.#snapshot === null) throw new Error('The engine is not loaded')
    const vm = await this.#module.QuickJS.restore(this.#snapshot, this.#options(host))
    let previous: JSValueHandle | null = null
    vm.registerHostCallback('host', (operation, text) => {
      // The engine takes its own reference after this returns, so the last answer can go now.
      previous?.dispose()
      previous = vm.newString(host.call(operation?.toString() ?? '', text?.toString() ?? ''))
      return previous
    })
    const entry = new Map<EntryMethod, JSValueHandle>()
    for (const [name, token] of this.#entryTokens) entry.set(name, vm.importHandle(token))
    return new QuickJsRealm(vm, entry)
  }

  #options(host: RealmHost): QuickJSOptions {
    return {
      wasm: this.#wasm as QuickJSOptions['wasm'],
      extensions: [{ name: 'encoding', wasm: this.#encoding as QuickJSOptions['wasm'] }],
      memoryLimit: host.memoryBytes,
      maxStackSize: ENGINE_STACK_BYTES,
      timezoneOffset: 0,
      interruptHandler: () => {
        host.onTick()
        return false
      },
      wasi: (memory) => ({
        clock_time_get(clock: number, _precision: bigint, result: number) {
          const ms = clock === 0 ? host.wallClockMs() : host.elapsedMs()
          const nanoseconds = BigInt(Math.round(ms * 1_000_000))
          new DataView(memory.buffer).setBigUint64(result, nanoseconds, true)
          return 0
        },
        random_get(pointer: number, length: number) {
          new Uint8Array(memory.buffer, pointer, length).fill(0)
          return 0
        },
        fd_write: () => 52,
      }),
    }
  }
}

/** One fresh realm in one fresh engine. */
export class QuickJsRealm {
  readonly #vm: QuickJS
  readonly #entry: ReadonlyMap<EntryMethod, JSValueHandle>

  constructor(vm: QuickJS, entry: ReadonlyMap<EntryMethod, JSValueHandle>) {
    this.#vm = vm
    this.#entry = entry
  }

  /** Sets `data`, `tools` and the rest. Both arguments are JSON. */
  start(data: string, settings: string): void {
    this.#call('start', this.#vm.newString(data), this.#vm.newString(settings)).dispose()
  }

  /** Evaluates the program's text as a script and calls the function it ends in. */
  begin(code: string, fileName: string): void {
    const main = this.#vm.evalCode(code, fileName)
    this.#call('begin', main).dispose()
  }

  /** Gives a tool call its answer, as JSON. */
  settle(seq: number, isValue: boolean, text: string): void {
    const flag = isValue ? this.#vm.true : this.#vm.false
    this.#call('settle', this.#vm.newNumber(seq), flag, this.#vm.newString(text)).dispose()
  }

  fireTimer(): void {
    this.#call('fireTimer').dispose()
  }

  /** Milliseconds until the next timer, or -1. */
  nextTimerMs(): number {
    return this.#call('nextTimer').consume((handle) => handle.toNumber())
  }

  pendingCalls(): number {
    return this.#call('pendingCalls').consume((handle) => handle.toNumber())
  }

  /** Runs promise reactions until none is left. */
  drain(): void {
    this.#vm.executePendingJobs()
  }

  #call(method: EntryMethod, ...args: JSValueHandle[]): JSValueHandle {
    const target = this.#entry.get(method)
    if (target === undefined) throw new Error('The realm has no such entry')
    const result = this.#vm.callFunction(target, this.#vm.undefined, ...args)
    for (const arg of args) arg.dispose()
    return result
  }
}
