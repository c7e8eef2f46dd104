import { GuestException, type Realm } from './engine.ts'
import type { QuickJsInstance } from './quickjs-instance.ts'
import type { WasmMemory } from './quickjs-wasm.ts'
import type { RealmEntry } from './realm/entry.ts'

/** Where an instance has what the runner calls in its realm. */
export type EntryBoxes = Readonly<Record<keyof RealmEntry, number>>

/** What the engine hears of its realms. */
export interface RealmOwner {
  /** Something threw that is neither the guest nor the host. */
  failed(error: unknown): void
  /** The realm is gone, and nothing uses its memory any more. */
  ended(memory: WasmMemory): void
}

/** One fresh realm in one fresh instance of the engine. */
export class QuickJsRealm implements Realm {
  readonly #entry: EntryBoxes
  readonly #owner: RealmOwner
  #instance: QuickJsInstance | null
  #state: 'at rest' | 'entered' | 'left' = 'at rest'

  constructor(instance: QuickJsInstance, entry: EntryBoxes, owner: RealmOwner) {
    this.#instance = instance
    this.#entry = entry
    this.#owner = owner
  }

  start(data: string, settings: string): void {
    this.#enter((instance) =>
      this.#call(instance, 'start', instance.newString(data), instance.newString(settings)),
    )
  }

  begin(code: string, fileName: string): void {
    this.#enter((instance) => this.#call(instance, 'begin', instance.evaluate(code, fileName)))
  }

  settle(seq: number, isValue: boolean, text: string): void {
    this.#enter((instance) => {
      const { exports } = instance
      const answer = instance.newString(text)
      const flag = isValue ? exports.qjs_get_true() : exports.qjs_get_false()
      this.#call(instance, 'settle', exports.qjs_new_number(seq), flag, answer)
    })
  }

  fireTimer(): void {
    this.#enter((instance) => this.#call(instance, 'fireTimer'))
  }

  nextTimerMs(): number {
    return this.#enter((instance) => this.#number(instance, 'nextTimer'))
  }

  pendingCalls(): number {
    return this.#enter((instance) => this.#number(instance, 'pendingCalls'))
  }

  /** Runs promise reactions until none is left. Asks the host before each, which may end it. */
  drain(): void {
    this.#enter((instance) => instance.runJobs())
  }

  heldBytes(): number {
    return this.#instance?.exports.memory.buffer.byteLength ?? 0
  }

  /**
   * All that the realm is while it rests: its every value lies in here, and nothing of it outside.
   *
   * @throws {Error} If the realm is gone.
   */
  get memory(): WasmMemory {
    if (this.#instance === null) throw new Error('The realm is gone')
    return this.#instance.exports.memory
  }

  dispose(): void {
    if (this.#instance === null) return
    // The engine is still on the stack and would go on in memory that serves another realm.
    if (this.#state === 'entered') throw new Error('A realm cannot be disposed of from inside')
    const { memory } = this
    this.#instance = null
    this.#owner.ended(memory)
  }

  #call(instance: QuickJsInstance, method: keyof RealmEntry, ...args: number[]): void {
    instance.free(instance.call(this.#entry[method], ...args))
  }

  #number(instance: QuickJsInstance, method: keyof RealmEntry): number {
    const box = instance.call(this.#entry[method])
    const value = instance.exports.qjs_get_float64(box)
    instance.free(box)
    return value
  }

  // After a throw that did not come from the guest, frames of the engine were dropped half-way.
  #enter<T>(action: (instance: QuickJsInstance) => T): T {
    const instance = this.#instance
    if (instance === null || this.#state !== 'at rest') {
      throw new Error('The realm cannot be entered: it is gone, was left, or runs already')
    }
    this.#state = 'entered'
    try {
      const result = action(instance)
      this.#state = 'at rest'
      return result
    } catch (error) {
      const isGuests = error instanceof GuestException
      this.#state = isGuests ? 'at rest' : 'left'
      if (!isGuests && !isDecision(error, instance)) this.#owner.failed(error)
      throw error
    }
  }
}

/** A host that runs out of stack has met the engine's frames below it; it did not mean to leave. */
function isDecision(error: unknown, instance: QuickJsInstance): boolean {
  return error === instance.thrownByHost && !(error instanceof RangeError)
}
