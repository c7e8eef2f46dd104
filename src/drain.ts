/** What goes on, and how it is told to end. */
export interface Drainable {
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  cancelAll(): void
}

/**
 * Lets what is under way finish, tells what is left to end, and stops waiting for what does not.
 *
 * @param times - After `patienceMs` milliseconds everything is told to end; `graceMs` after that it is
 * no longer waited for.
 * @returns Whether everything ended.
 */
export async function drain(
  work: Drainable,
  times: { readonly patienceMs: number; readonly graceMs: number },
): Promise<boolean> {
  const { promise: isOverdue, resolve: giveUp } = Promise.withResolvers<boolean>()
  const timers = [
    setTimeout(() => work.cancelAll(), times.patienceMs),
    setTimeout(() => giveUp(false), times.patienceMs + times.graceMs),
  ]
  try {
    return await Promise.race([work.idle().then(() => true), isOverdue])
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
