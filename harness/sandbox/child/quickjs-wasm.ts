/** A compiled module. */
export interface WasmModule {
  readonly __brand?: 'module'
}

/** Linear memory. `buffer` is another object after every growth. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** A table of functions that pointers of the engine are indexes into. */
export interface WasmTable {
  readonly length: number
  grow(by: number): number
}

/** A global variable of an instance. */
export interface WasmGlobal {
  value: number
}

type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The part of `WebAssembly` used here; the type library of Node does not describe it. */
export interface WasmNamespace {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule
    customSections(module: WasmModule, name: string): ArrayBuffer[]
    imports(module: WasmModule): { readonly module: string; readonly name: string }[]
  }
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory
  readonly Global: new (
    type: { readonly value: 'i32'; readonly mutable: boolean },
    value: number,
  ) => WasmGlobal
}

/** `WebAssembly`, taken before anything else runs. */
export const wasm: WasmNamespace = (globalThis as unknown as { WebAssembly: WasmNamespace })
  .WebAssembly

/**
 * What the engine's binary exports and this program calls. A `Box` is the address of a value on the
 * engine's heap that keeps the value alive until it is freed; 0 is none.
 */
export interface QuickJsExports {
  readonly memory: WasmMemory
  readonly __stack_pointer: WasmGlobal
  readonly __indirect_function_table: WasmTable
  _initialize(): void
  malloc(bytes: number): number
  free(address: number): void
  qjs_init(): number
  qjs_get_context_ptr(): number
  qjs_get_runtime_ptr(): number
  qjs_set_memory_limit(bytes: number): void
  qjs_set_max_stack_size(bytes: number): void
  qjs_set_interrupt_handler(isOn: number): void
  qjs_eval(code: number, codeLength: number, fileName: number, flags: number): number
  qjs_compile(
    code: number,
    codeLength: number,
    fileName: number,
    evalFlags: number,
    compileFlags: number,
    lengthOut: number,
  ): number
  qjs_eval_bytecode(bytecode: number, length: number): number
  qjs_call(fn: number, receiver: number, argCount: number, args: number): number
  qjs_new_host_function(name: number, nameLength: number, argCount: number): number
  qjs_new_string(text: number, length: number): number
  qjs_new_number(value: number): number
  qjs_get_float64(box: number): number
  qjs_get_undefined(): number
  qjs_get_true(): number
  qjs_get_false(): number
  qjs_get_prop_string(box: number, name: number): number
  qjs_get_string_len(box: number, lengthOut: number): number
  qjs_free_cstring(text: number): void
  qjs_free_value(box: number): void
  qjs_is_exception(box: number): number
  qjs_is_undefined(box: number): number
  qjs_get_exception(): number
  qjs_is_job_pending(): number
  qjs_execute_pending_job(): number
  JS_ThrowOutOfMemory(context: number): unknown
}

/** The names in {@link QuickJsExports}. */
export const ENGINE_EXPORTS: readonly (keyof QuickJsExports)[] = [
  'memory',
  '__stack_pointer',
  '__indirect_function_table',
  '_initialize',
  'malloc',
  'free',
  'qjs_init',
  'qjs_get_context_ptr',
  'qjs_get_runtime_ptr',
  'qjs_set_memory_limit',
  'qjs_set_max_stack_size',
  'qjs_set_interrupt_handler',
  'qjs_eval',
  'qjs_compile',
  'qjs_eval_bytecode',
  'qjs_call',
  'qjs_new_host_function',
  'qjs_new_string',
  'qjs_new_number',
  'qjs_get_float64',
  'qjs_get_undefined',
  'qjs_get_true',
  'qjs_get_false',
  'qjs_get_prop_string',
  'qjs_get_string_len',
  'qjs_free_cstring',
  'qjs_free_value',
  'qjs_is_exception',
  'qjs_is_undefined',
  'qjs_get_exception',
  'qjs_is_job_pending',
  'qjs_execute_pending_job',
  'JS_ThrowOutOfMemory',
]
