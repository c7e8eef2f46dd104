import { Buffer } from 'node:buffer'
import type { Engine, RealmHost } from './engine.ts'
import { ENGINE_STACK_BYTES } from './engine-stack.ts'
import { slimBinary } from './quickjs-binary.ts'
import { EncodingExtension } from './quickjs-extension.ts'
import { QuickJsInstance, type Workspace } from './quickjs-instance.ts'
import { MemoryImage } from './quickjs-memory.ts'
import { type EntryBoxes, QuickJsRealm, type RealmOwner } from './quickjs-realm.ts'
import { ENGINE_EXPORTS, type WasmModule, wasm } from './quickjs-wasm.ts'
import { REALM_SOURCE } from './realm/realm-source.ts'

/** The bytes of the engine and of its one extension that is used as it is. */
export interface EngineBinaries {
  readonly engine: Uint8Array<ArrayBuffer>
  readonly encoding: Uint8Array<ArrayBuffer>
}

const ENTRY_METHODS: readonly (keyof EntryBoxes)[] = [
  'start',
  'begin',
  'settle',
  'fireTimer',
  'nextTimer',
  'pendingCalls',
]

/** Free heap that every realm starts with: memory that had to grow cannot serve the next realm. */
const SPARE_HEAP_BYTES = 1024 * 1024
const MIB = 1024 * 1024
/** The engine counts in 32 bits, and takes 0 for no limit. */
const MAX_LIMIT_BYTES = 0xffff_ffff
/**
 * How much may lie dead before it is collected: an instance counts 1, a MiB of dropped memory 4. From
 * about 100 instances on Node starts to collect by itself, in the middle of a program.
 */
const MAX_GARBAGE = 80
const GARBAGE_PER_MIB = 4

/** Node's own collector, where the process was started with `--expose-gc`; no guest can reach it. */
const collectGarbage = (globalThis as { readonly gc?: () => void }).gc

/**
 * QuickJS in WebAssembly. The realm is built once and its memory kept as an image; each run gets a
 * fresh WebAssembly instance on memory equal to that image.
 */
export class QuickJsEngine implements Engine {
  readonly name = 'quickjs'
  readonly isReusable = true
  readonly #module: WasmModule
  readonly #encoding: EncodingExtension
  readonly #image: MemoryImage
  readonly #workspace: Workspace
  readonly #entry: EntryBoxes
  readonly #owner: RealmOwner = {
    failed: (error) => {
      this.#failure = error
    },
    ended: (memory) => {
      this.#garbage++
      if (this.#failure === null && this.#image.giveBack(memory)) return
      this.#garbage += (memory.buffer.byteLength / MIB) * GARBAGE_PER_MIB
    },
  }
  /** Set once anything but the guest or the host has thrown: nothing in here is trusted after that. */
  #failure: unknown = null
  #garbage = 0
  #prepared: QuickJsInstance | null = null

  private constructor(binaries: EngineBinaries) {
    this.#encoding = new EncodingExtension(binaries.encoding)
    const slim = slimBinary(binaries.engine, {
      exports: [...ENGINE_EXPORTS, ...this.#encoding.engineFunctions],
      extraTableSlots: this.#encoding.tableSlots,
    })
    this.#module = new wasm.Module(slim.bytes)
    const start = () =>
      new QuickJsInstance(this.#module, new wasm.Memory({ initial: slim.memoryPages }), null)
    // Compiled elsewhere: what the parser leaves behind would be in the memory of every realm.
    const bytecode = start().compile(REALM_SOURCE, 'realm.js')
    const instance = start()
    const { exports } = instance
    exports.qjs_set_max_stack_size(ENGINE_STACK_BYTES)
    exports.qjs_set_interrupt_handler(1)
    this.#workspace = instance.workspace
    this.#encoding.install(exports, slim.tableSlots)
    this.#entry = buildRealm(instance, bytecode)
    exports.free(exports.malloc(SPARE_HEAP_BYTES))
    this.#image = new MemoryImage(exports.memory)
    this.#prepared = this.#createInstance()
    // What is true of the first realm is true of all: each is made by the same steps.
    const first = Buffer.from(this.#prepared.exports.memory.buffer)
    if (!first.equals(Buffer.from(exports.memory.buffer)))
      throw new Error('The image is not complete')
  }

  /** Compiles the engine and builds the realm. */
  static async load(binaries: EngineBinaries): Promise<QuickJsEngine> {
    return new QuickJsEngine(binaries)
  }

  async prepare(): Promise<void> {
    // Between two programs nobody waits for it, and the next one is not interrupted by it.
    if (this.#garbage >= MAX_GARBAGE) {
      this.#garbage = 0
      collectGarbage?.()
    }
    this.#prepared ??= this.#createInstance()
  }

  async createRealm(host: RealmHost): Promise<QuickJsRealm> {
    const instance = this.#prepared ?? this.#createInstance()
    this.#prepared = null
    instance.host = host
    instance.exports.qjs_set_memory_limit(Math.min(host.memoryBytes, MAX_LIMIT_BYTES))
    return new QuickJsRealm(instance, this.#entry, this.#owner)
  }

  #createInstance(): QuickJsInstance {
    if (this.#failure !== null) {
      throw new Error('The engine has failed before', { cause: this.#failure })
    }
    const memory = this.#image.take()
    const instance = new QuickJsInstance(this.#module, memory, this.#workspace)
    this.#encoding.link(instance.exports)
    // After both: making an instance writes its constants and what its variables start with.
    this.#image.writeTo(memory)
    return instance
  }
}

/** Runs the realm's own code in a bare engine. */
function buildRealm(instance: QuickJsInstance, bytecode: Uint8Array): EntryBoxes {
  const install = instance.evaluateBytecode(bytecode)
  const entry = instance.call(install, instance.newHostFunction())
  instance.free(install)
  const boxes = ENTRY_METHODS.map((name) => [name, instance.property(entry, name)] as const)
  return Object.fromEntries(boxes) as EntryBoxes
}
