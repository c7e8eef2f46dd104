/** What the guest threw and nobody caught. The realm goes on working. */
export class GuestException extends Error {
  /** The guest's own stack trace; the host's would tell nothing. */
  override readonly stack: string

  constructor(name: string, message: string, stack: string) {
    super(message)
    this.name = name
    this.stack = stack
  }
}

/** What a realm needs from the runner around it. */
export interface RealmHost {
  /** Most bytes the program's heap may take. */
  readonly memoryBytes: number
  /** What `Date.now()` answers now, milliseconds since 1970. */
  wallClockMs(): number
  /** What `performance.now()` answers now. */
  elapsedMs(): number
  /**
   * Called every few hundred microseconds while guest code runs, where the engine can. May throw to
   * leave the guest at once; the realm is unusable then.
   */
  onTick(): void
  /**
   * One operation of the realm. Throws only what leaves the guest at once, where the engine can do that
   * (`Engine.isReusable`); a host error would show its stack to the guest.
   */
  call(operation: string, text: string): string
}

/** One fresh realm for one program. Strings cross its border and nothing else. */
export interface Realm {
  /** Sets `data`, `tools` and the rest. Both arguments are JSON. */
  start(data: string, settings: string): void
  /** Evaluates the program's text as a script and calls the function it ends in. */
  begin(code: string, fileName: string): void
  /** Gives a tool call its answer, as JSON. */
  settle(seq: number, isValue: boolean, text: string): void
  /** Runs the one timer that has been due the longest. */
  fireTimer(): void
  /** Milliseconds until the next timer is due, 0 when one is, -1 without timers. */
  nextTimerMs(): number
  /** How many tool calls have no answer yet. */
  pendingCalls(): number
  /** Runs promise reactions until none is left. */
  drain(): void
  /** Bytes the engine holds for this realm, 0 where it cannot say. */
  heldBytes(): number
  /** Lets go of everything; nothing of the realm is called afterwards. */
  dispose(): void
}

/** An engine that is loaded and warm. */
export interface Engine {
  readonly name: 'quickjs' | 'v8'
  /**
   * Whether one process may run several programs, each in a realm that shares nothing with the others
   * and can be left in the middle of a loop. Without it the process serves one program and is killed.
   */
  readonly isReusable: boolean
  /**
   * Takes from this process's own realm what no program needs, right before the first one may come.
   * Nothing else is loaded afterwards.
   */
  harden?(): void
  /** Makes the next realm ahead of time, so that {@link Engine.createRealm} is quick. */
  prepare(): Promise<void>
  /** A fresh realm. Host functions are bound to it here, not while it was prepared. */
  createRealm(host: RealmHost): Promise<Realm>
}
