import type { Socket } from 'node:net'
import type { LaunchPlan } from './isolation/driver.ts'

/** How a process ended: an exit code or a signal. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: string | null
}

/** A process that a {@link Spawner} has started. */
export interface SpawnedProcess {
  /** Process id of the program, as the host sees it. */
  readonly pid: number
  /** The host's end of descriptor 3. Paused: nothing is read before somebody listens. */
  readonly channel: Socket
  /** Resolves when the process is gone and reaped. Never rejects. */
  readonly exited: Promise<ProcessExit>
  readonly isAlive: boolean
  /** The end of what the process wrote to its standard error: for the log only. */
  readonly lastWords: string
  /** Kills the process and everything in its group. May be called again. */
  kill(): void
}

/** Starts sandbox processes. */
export interface Spawner {
  /**
   * @throws {Error} If the process cannot be started.
   */
  spawn(plan: LaunchPlan): Promise<SpawnedProcess>
  /** Kills whatever is left and resolves when it is gone. */
  close(): Promise<void>
}
