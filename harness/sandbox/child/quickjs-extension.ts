import { type QuickJsExports, type WasmGlobal, type WasmModule, wasm } from './quickjs-wasm.ts'

interface ExtensionExports {
  __wasm_apply_data_relocs(): void
  qjs_ext_encoding_init(context: number, runtime: number): number
}

/** What the extension is given that is not a function of the engine. */
const LINKAGE = [
  '__stack_pointer',
  '__memory_base',
  '__table_base',
  'memory',
  '__indirect_function_table',
]

/**
 * The engine package's extension with `TextEncoder` and `TextDecoder`: a shared library in
 * WebAssembly that lives in the memory and the function table of an engine.
 */
export class EncodingExtension {
  readonly #module: WasmModule
  readonly #dataBytes: number
  #bases: Readonly<Record<'__memory_base' | '__table_base', WasmGlobal>> | null = null
  /** How many slots of the engine's table it fills. */
  readonly tableSlots: number
  /** The functions of the engine that it calls. */
  readonly engineFunctions: readonly string[]

  constructor(binary: Uint8Array<ArrayBuffer>) {
    this.#module = new wasm.Module(binary)
    const size = readLinkSize(this.#module)
    this.#dataBytes = size.dataBytes
    this.tableSlots = size.tableSlots
    this.engineFunctions = wasm.Module.imports(this.#module)
      .map((each) => each.name)
      .filter((name) => !LINKAGE.includes(name))
  }

  /**
   * Finds the extension its place in an engine and initialises it there.
   *
   * @param tableBase - The first of {@link EncodingExtension.tableSlots} free slots.
   */
  install(engine: QuickJsExports, tableBase: number): void {
    const memoryBase = engine.malloc(this.#dataBytes)
    new Uint8Array(engine.memory.buffer, memoryBase, this.#dataBytes).fill(0)
    const constant = (value: number) => new wasm.Global({ value: 'i32', mutable: false }, value)
    this.#bases = { __memory_base: constant(memoryBase), __table_base: constant(tableBase) }
    const result = this.link(engine).qjs_ext_encoding_init(
      engine.qjs_get_context_ptr(),
      engine.qjs_get_runtime_ptr(),
    )
    if (result !== 0) throw new Error('The encoding extension does not start')
  }

  /** Puts the extension's functions into the table of another engine, at the same place. */
  link(engine: QuickJsExports): ExtensionExports {
    const env = { ...engine, ...this.#bases }
    const { exports } = new wasm.Instance(this.#module, { env })
    const extension = exports as unknown as ExtensionExports
    extension.__wasm_apply_data_relocs()
    return extension
  }
}

/** The first part of the `dylink.0` section: type 1, its length, then two sizes with alignments. */
function readLinkSize(module: WasmModule): { dataBytes: number; tableSlots: number } {
  const [section] = wasm.Module.customSections(module, 'dylink.0')
  const bytes = new Uint8Array(section ?? new ArrayBuffer(0))
  let offset = 0
  const next = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[offset++] ?? 0
      value |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return value
    }
  }
  if (next() !== 1) throw new TypeError('The encoding extension is not a shared library')
  next()
  const dataBytes = next()
  next()
  return { dataBytes, tableSlots: next() }
}
