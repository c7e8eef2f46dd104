/** The runs that are under way in this process: each can be cancelled, and closing waits for all. */
export class LiveRuns {
  readonly #controllers = new Map<string, AbortController>()
  readonly #settled = new Set<Promise<unknown>>()

  /**
   * Does the work of one run.
   *
   * @param signal - The caller's own; the run is aborted by it, by {@link cancel} or by {@link cancelAll}.
   */
  async supervise<T>(
    runId: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController()
    this.#controllers.set(runId, controller)
    const own = controller.signal
    const settled = work(signal === undefined ? own : AbortSignal.any([own, signal]))
    this.#settled.add(settled)
    try {
      return await settled
    } finally {
      // A later holding of the same run has a controller of its own.
      if (this.#controllers.get(runId) === controller) this.#controllers.delete(runId)
      this.#settled.delete(settled)
    }
  }

  /** Cancels one run, if it is under way here. */
  cancel(runId: string, reason: unknown): void {
    this.#controllers.get(runId)?.abort(reason)
  }

  /** Cancels everything that is under way. */
  cancelAll(): void {
    for (const controller of this.#controllers.values()) controller.abort()
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    while (this.#settled.size > 0) await Promise.allSettled([...this.#settled])
  }
}
