/**
 * Lets writes of one row in this process take turns. Who wins is decided by the database all the same; but ten
 * thousand at once would make each of them wait there for one lock, with a connection of its own.
 */
export class Turns {
  readonly #last = new Map<string, { turn: Promise<unknown>; version: number }>()

  /**
   * Does work when all work before it on the same key has ended.
   *
   * @param version - What the work would make of the row. When a turn before it has found or made it that
   * far already, the work is not done: it could only fail.
   * @param work - Says whether it has made it so; if not, somebody else has.
   */
  async take(key: string, version: number, work: () => Promise<boolean>): Promise<boolean> {
    const before = this.#last.get(key)
    const state = before ?? { turn: Promise.resolve(), version: -1 }
    const mine = state.turn.then(async () => {
      if (state.version >= version) return false
      const isMade = await work()
      state.version = version
      return isMade
    })
    const ended = mine.catch(() => false)
    state.turn = ended
    this.#last.set(key, state)
    try {
      return await mine
    } finally {
      if (state.turn === ended) this.#last.delete(key)
    }
  }
}
