/**
 * Every machine code an error of this product can carry. A code is stable: callers match on it.
 * `src/http/problem.ts` maps each one to a status; `docs/errors.md` explains each one to a person.
 */
export const ERROR_CODES = [
  'ERR_REQUEST_INVALID',
  'ERR_REQUEST_TOO_LARGE',
  'ERR_REQUEST_MEDIA_TYPE',
  'ERR_REQUEST_METHOD',
  'ERR_ENDPOINT_NOT_FOUND',
  'ERR_AUTHENTICATION_REQUIRED',
  'ERR_AUTHENTICATION_FAILED',
  'ERR_AUTHENTICATION_UNAVAILABLE',
  'ERR_AUTHORIZATION_DENIED',
  'ERR_RATE_LIMITED',
  'ERR_RUN_NOT_FOUND',
  'ERR_RUN_CANCELLED',
  'ERR_OVERLOADED',
  'ERR_STORE_UNAVAILABLE',
  'ERR_SESSION_NOT_FOUND',
  'ERR_INTENT_OUT_OF_SCOPE',
  'ERR_MODEL_RESPONSE',
  'ERR_MODEL_UNAVAILABLE',
  'ERR_MODEL_TIMEOUT',
  'ERR_PROGRAM_SYNTAX',
  'ERR_PROGRAM_TYPE',
  'ERR_PROGRAM_FAILED',
  'ERR_RUN_DIVERGED',
  'ERR_RUN_TAKEN_OVER',
  'ERR_RUN_CONFLICT',
  'ERR_RUN_OUTCOME_UNKNOWN',
  'ERR_ROLLBACK_INCOMPLETE',
  'ERR_IDEMPOTENCY_MISMATCH',
  'ERR_IDEMPOTENCY_IN_PROGRESS',
  'ERR_POLICY_VIOLATION',
  'ERR_APPROVAL_REJECTED',
  'ERR_APPROVAL_NOT_FOUND',
  'ERR_APPROVAL_CONFLICT',
  'ERR_APPROVAL_EXPIRED',
  'ERR_ISOLATION_UNAVAILABLE',
  'ERR_SANDBOX_VIOLATION',
  'ERR_SANDBOX_LIMIT',
  'ERR_SANDBOX_TIMEOUT',
  'ERR_SANDBOX_FAILED',
  'ERR_TOOL_DENIED',
  'ERR_TOOL_FAILED',
  'ERR_OUTPUT_INVALID',
  'ERR_AUDIT_UNAVAILABLE',
  'ERR_CONFIGURATION',
  'ERR_INTERNAL',
] as const

/** A stable machine code, one of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * What every error of this product extends. Match on `code`, never on the message.
 *
 * @example
 * ```ts
 * async function decide(id: string, decision: CodeDecision): Promise<string> {
 *   try {
 *     return (await app.approvals.resolve(id, decision)).state
 *   } catch (error) {
 *     if (error instanceof AgenticError && error.code === 'ERR_APPROVAL_CONFLICT') return 'too late'
 *     throw error
 *   }
 * }
 * ```
 */
export class AgenticError extends Error {
  /** What happened, for machines. */
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** Thrown while starting: the program that uses this package configured it wrongly. */
export class ConfigurationError extends AgenticError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFIGURATION', message, options)
  }
}

/** A program that cannot run as it is written, or that threw: the author of the program can repair it. */
export class ProgramError extends AgenticError {
  constructor(
    code: 'ERR_PROGRAM_SYNTAX' | 'ERR_PROGRAM_TYPE' | 'ERR_PROGRAM_FAILED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** The sandbox could not be entered, or a run in it was stopped. */
export class SandboxError extends AgenticError {
  constructor(
    code:
      | 'ERR_ISOLATION_UNAVAILABLE'
      | 'ERR_SANDBOX_VIOLATION'
      | 'ERR_SANDBOX_LIMIT'
      | 'ERR_SANDBOX_TIMEOUT'
      | 'ERR_SANDBOX_FAILED'
      | 'ERR_OVERLOADED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** A tool call was refused at the gate or failed in the host. Inside the program it is a plain `Error`. */
export class ToolError extends AgenticError {
  constructor(
    code: 'ERR_TOOL_DENIED' | 'ERR_TOOL_FAILED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** An approval request does not exist for this caller, or can no longer be decided. */
export class ApprovalError extends AgenticError {
  constructor(
    code:
      | 'ERR_APPROVAL_REJECTED'
      | 'ERR_APPROVAL_NOT_FOUND'
      | 'ERR_APPROVAL_CONFLICT'
      | 'ERR_APPROVAL_EXPIRED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** A record that must exist before a program runs could not be written. Nothing was run. */
export class AuditError extends AgenticError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_AUDIT_UNAVAILABLE', message, options)
  }
}
