import { getHeapStatistics } from 'node:v8'
import { type Context, constants, createContext, Script } from 'node:vm'
import type { Realm, RealmHost } from './engine.ts'
import { PROGRAM_FILE } from './guest-error.ts'
import { V8_REALM_SOURCE, type V8Entry } from './realm/v8-realm-source.ts'
import type { StackText } from './realm/v8-stack.ts'
import { refuseImports } from './v8-main-realm.ts'

type Install = (
  call: RealmHost['call'],
  wallClockMs: () => number,
  elapsedMs: () => number,
  programFile: string,
) => V8Entry

const RUN_OPTIONS = { displayErrors: false }
const NOTHING = new Script('', { filename: 'nothing.js' })

/** What a realm answers with until it is bound to the runner. */
const NOBODY: RealmHost = {
  memoryBytes: 0,
  wallClockMs: () => 0,
  elapsedMs: () => 0,
  onTick: () => undefined,
  call: () => '',
}

/**
 * A bare V8 context with a microtask queue of its own, in the realm of which the realm's own code
 * stands between the program and the runner.
 *
 * Values of the guest are only ever handed on in here: to look at one would run its getters, with
 * functions of this realm on the stack.
 */
export class V8Realm implements Realm {
  readonly #context: Context
  readonly #made: V8Entry
  readonly #isThrowAway: boolean
  readonly #heldBefore: number
  #host = NOBODY

  /**
   * @param install - The script of {@link V8Realm.compile}.
   * @param isThrowAway - It only warms the engine up, and leaves the process as it is.
   */
  constructor(install: Script, isThrowAway: boolean) {
    this.#isThrowAway = isThrowAway
    this.#context = createContext(constants.DONT_CONTEXTIFY, {
      microtaskMode: 'afterEvaluate',
      codeGeneration: { strings: false, wasm: false },
    })
    this.#made = (install.runInContext(this.#context, RUN_OPTIONS) as Install)(
      (operation, text) => this.#host.call(operation, text),
      () => this.#host.wallClockMs(),
      () => this.#host.elapsedMs(),
      PROGRAM_FILE,
    )
    this.#heldBefore = usedBytes()
  }

  /** Compiles the realm's own code, once for all realms. */
  static compile(): Script {
    return new Script(V8_REALM_SOURCE, { filename: 'realm.js' })
  }

  get stackText(): StackText {
    return this.#made.stackText
  }

  /** Gives the realm its runner. */
  bind(host: RealmHost): void {
    this.#host = host
  }

  start(data: string, settings: string): void {
    this.#made.entry.start(data, settings)
  }

  begin(code: string, fileName: string): void {
    if (!this.#isThrowAway) refuseImports(this.#made.failures.refuseImport)
    const main = this.#evaluate(code, fileName)
    this.#guarded(() => this.#made.entry.begin(main))
  }

  settle(seq: number, isValue: boolean, text: string): void {
    this.#guarded(() => this.#made.entry.settle(seq, isValue, text))
  }

  fireTimer(): void {
    this.#guarded(() => this.#made.entry.fireTimer())
  }

  nextTimerMs(): number {
    return this.#made.entry.nextTimer()
  }

  pendingCalls(): number {
    return this.#made.entry.pendingCalls()
  }

  drain(): void {
    // The queue of a context is worked off whenever a script of it ends.
    NOTHING.runInContext(this.#context, RUN_OPTIONS)
  }

  heldBytes(): number {
    return Math.max(0, usedBytes() - this.#heldBefore)
  }

  dispose(): void {
    this.#host = NOBODY
  }

  /** What the program's text ends in, or a program that fails with what went wrong. */
  #evaluate(code: string, fileName: string): unknown {
    const { failures } = this.#made
    let script: Script
    try {
      script = new Script(code, { filename: fileName })
    } catch (error) {
      // An error of this realm: nothing of the program has run.
      const { name, message, stack = '' } = error as Error
      const { line, column } = placeOf(stack)
      return failures.programThatIsNone(name, message, line, column)
    }
    try {
      return script.runInContext(this.#context, RUN_OPTIONS)
    } catch (thrown) {
      return failures.programThatThrows(thrown)
    }
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (thrown) {
      this.#made.entry.begin(this.#made.failures.programThatThrows(thrown))
    }
  }
}

/** Node puts `file:line`, the line itself and a caret below the place before the stack. */
function placeOf(stack: string): { readonly line: number; readonly column: number } {
  const place = /^[^\n]*:(\d+)\n[^\n]*\n( *)\^/.exec(stack)
  return place === null
    ? { line: 0, column: 0 }
    : { line: Number(place[1]), column: (place[2] ?? '').length + 1 }
}

function usedBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}
