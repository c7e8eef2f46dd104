/**
 * A bounded queue in which keys take turns: the backlog of one does not hold up another; within a key
 * it is first come, first served.
 */
export class FairQueue<T> {
  readonly #maxSize: number
  /** Who waits, by key. The key whose turn is next is the first. */
  readonly #lists = new Map<string, T[]>()
  #size = 0

  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  get size(): number {
    return this.#size
  }

  /**
   * Puts an item at the end of its key.
   *
   * @param isOld - It was let in before: the bound does not apply.
   * @returns False when the queue is full. A key counts as often again as it already waits: it gets
   * half of what is left, however long its backlog, and the next caller finds room. The empty key,
   * of those that nobody can tell apart, may fill it.
   */
  add(key: string, item: T, isOld = false): boolean {
    const list = this.#lists.get(key)
    const own = key === '' ? 0 : (list?.length ?? 0)
    if (!isOld && this.#size + own >= this.#maxSize) return false
    if (list === undefined) this.#lists.set(key, [item])
    else if (isOld) list.unshift(item)
    else list.push(item)
    this.#size++
    return true
  }

  /** Whether such an item waits. */
  some(isWanted: (item: T) => boolean): boolean {
    return [...this.#lists.values()].some((list) => list.some(isWanted))
  }

  /** Takes an item out, wherever it waits. */
  remove(item: T): void {
    for (const [key, list] of this.#lists) {
      const index = list.indexOf(item)
      if (index >= 0) return this.#cut(key, list, index)
    }
  }

  /**
   * Offers the first item of each key in turn, as long as items are taken.
   *
   * @param take - Whether the item is taken.
   */
  takeWhere(take: (item: T) => boolean): void {
    const refused = new Set<string>()
    for (;;) {
      const key = [...this.#lists.keys()].find((each) => !refused.has(each))
      const list = key === undefined ? undefined : this.#lists.get(key)
      if (key === undefined || list === undefined) return
      // Out of the queue before it is offered: whoever takes it may look at the queue again.
      const item = list.shift()
      if (item === undefined) {
        refused.add(key)
        continue
      }
      this.#size--
      if (take(item)) this.#moveToEnd(key, list)
      else {
        refused.add(key)
        list.unshift(item)
        this.#size++
      }
    }
  }

  /** Behind every other key, or out with it when nobody of it is left. */
  #moveToEnd(key: string, list: T[]): void {
    this.#lists.delete(key)
    if (list.length > 0) this.#lists.set(key, list)
  }

  #cut(key: string, list: T[], index: number): void {
    list.splice(index, 1)
    this.#size--
    if (list.length === 0) this.#lists.delete(key)
  }
}
