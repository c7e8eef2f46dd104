import type { ErrorCode } from './errors.ts'
import type { Program } from './program.ts'
import type { ResourceLimits } from './sandbox/resource-limits.ts'
import type { SandboxEnding } from './sandbox/sandbox.ts'
import { toSourcePosition } from './source-position.ts'
import type { Finding } from './verdict.ts'

/** Why a run has no result, in words its author can act on. */
export interface RunFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly findings: readonly Finding[]
  /** Where the program threw, in the author's text. */
  readonly line?: number
  readonly column?: number
}

/** The endings of a sandbox that leave no value and that the tool gate did not cause. */
type FailedEnding = Exclude<SandboxEnding, { readonly kind: 'returned' }>

/** Says what a failed ending means for the run: its status and its error. */
export function describeEnding(
  ending: FailedEnding,
  program: Program,
  limits: ResourceLimits,
): { readonly status: 'failed' | 'timed_out' | 'cancelled'; readonly error: RunFailure } {
  switch (ending.kind) {
    case 'threw':
      return { status: 'failed', error: describeThrown(ending.error, program) }
    case 'bad-output':
      return failed('ERR_OUTPUT_INVALID', ending.detail)
    case 'timeout':
      return {
        status: 'timed_out',
        error: plain(
          'ERR_SANDBOX_TIMEOUT',
          `The run reached its time limit of ${limits.timeoutMs} ms`,
        ),
      }
    case 'limit':
      return failed('ERR_SANDBOX_LIMIT', ending.detail)
    case 'violation':
      return failed('ERR_SANDBOX_VIOLATION', ending.detail)
    case 'crashed':
      return failed('ERR_SANDBOX_FAILED', ending.detail)
    case 'cancelled':
      return { status: 'cancelled', error: plain('ERR_RUN_CANCELLED', 'The run was cancelled') }
    case 'suspended':
    case 'stopped':
      // Both come from the gate, which knows the reason; without one the run is not to be believed.
      return failed('ERR_SANDBOX_FAILED', 'The run was stopped without a reason')
  }
}

function describeThrown(
  error: Extract<SandboxEnding, { kind: 'threw' }>['error'],
  program: Program,
): RunFailure {
  const position =
    error.line === undefined ? null : toSourcePosition(program, error.line, error.column ?? 1)
  const code =
    error.toolErrorCode === 'ERR_TOOL_DENIED' || error.toolErrorCode === 'ERR_TOOL_FAILED'
      ? error.toolErrorCode
      : 'ERR_PROGRAM_FAILED'
  const text = `${error.name}: ${error.message}`
  if (position === null) return plain(code, text)
  const { line, column } = position
  return { code, message: `${text} (line ${line})`, findings: [], line, column }
}

function failed(
  code: ErrorCode,
  message: string,
): { readonly status: 'failed'; readonly error: RunFailure } {
  return { status: 'failed', error: plain(code, message) }
}

function plain(code: ErrorCode, message: string): RunFailure {
  return { code, message, findings: [] }
}
