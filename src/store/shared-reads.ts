/**
 * Lets everybody in this process who asks for the same thing at once share one answer. Whoever asks while
 * it is being read waits for the next reading, which begins after they asked: nobody is told what was true
 * before.
 */
export class SharedReads<T> {
  readonly #read: (key: string) => Promise<T>
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #next = new Map<string, Promise<T>>()

  constructor(read: (key: string) => Promise<T>) {
    this.#read = read
  }

  /** What is there now, or was at some moment since this was called. */
  get(key: string): Promise<T> {
    const next = this.#next.get(key)
    if (next !== undefined) return next
    const running = this.#running.get(key)
    if (running === undefined) return this.#start(key)
    const following = running.then(() => {
      this.#next.delete(key)
      return this.#start(key)
    })
    this.#next.set(key, following)
    return following
  }

  #start(key: string): Promise<T> {
    const reading = this.#read(key)
    const settled: Promise<void> = reading
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        if (this.#running.get(key) === settled) this.#running.delete(key)
      })
    this.#running.set(key, settled)
    return reading
  }
}
