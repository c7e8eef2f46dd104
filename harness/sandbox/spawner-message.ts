import type { LaunchPlan } from './isolation/driver.ts'
import type { ProcessExit } from './spawner.ts'

/** What of a plan is needed to start the process. */
export type SpawnPlan = Pick<LaunchPlan, 'command' | 'args' | 'userId' | 'filter' | 'reportsPid'>

/** What the host asks the spawner process for. The `id` is the host's and never used twice. */
export type SpawnerRequest =
  | { readonly type: 'spawn'; readonly id: number; readonly plan: SpawnPlan }
  | { readonly type: 'kill'; readonly id: number }
  /** Kill everything, wait until it is gone, end. */
  | { readonly type: 'close' }

/** What the spawner process reports. */
export type SpawnerReport =
  | { readonly type: 'ready' }
  /** The process exists. Its channel comes along as a handle, unless that was lost on the way. */
  | { readonly type: 'channel'; readonly id: number; readonly leader: number }
  /** The process runs: `pid` is the program, `leader` what was started and leads the group. */
  | {
      readonly type: 'spawned'
      readonly id: number
      readonly pid: number
      readonly leader: number
    }
  /** The process could not be started, or did not get far. Nothing of it is left. */
  | {
      readonly type: 'failed'
      readonly id: number
      readonly message: string
      readonly code: string | null
      readonly lastWords: string
    }
  /** A process that was reported as spawned is gone. */
  | {
      readonly type: 'exited'
      readonly id: number
      readonly exit: ProcessExit
      readonly lastWords: string
    }
