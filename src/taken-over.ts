import { AgenticError } from '../harness/index.ts'

/** Says that another process holds a run, or may hold it: nothing more of it happens here. */
export function takenOver(): AgenticError {
  return new AgenticError(
    'ERR_RUN_TAKEN_OVER',
    'Another process has taken this run over: ask for the run by its id',
  )
}

/** Whether a failure, or the reason of a signal, is that the run is somebody else's by now. */
export function isTakenOver(failure: unknown): boolean {
  return (
    typeof failure === 'object' &&
    failure !== null &&
    'code' in failure &&
    failure.code === 'ERR_RUN_TAKEN_OVER'
  )
}
