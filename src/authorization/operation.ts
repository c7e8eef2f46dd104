/**
 * Everything a caller can ask to do, one operation per route or method. Permissions are given by
 * operation, so a name once published keeps its meaning.
 */
export const Operation = {
  /** Send an intent to an endpoint. */
  RUN_ENDPOINT: 'endpoint:run',
  /** Bring a program to an endpoint that says `execute: true`. */
  EXECUTE_PROGRAM: 'endpoint:execute',
  /** See a run and its result. */
  READ_RUN: 'run:read',
  /** Say what became of a call whose outcome nobody knows. Never the requester's own run, whatever a policy says. */
  RESOLVE_RUN: 'run:resolve',
  /** Undo the calls of a run. */
  ROLLBACK_RUN: 'run:rollback',
  /** Ask for a list of approvals; each one in it also needs `READ_APPROVAL`. */
  LIST_APPROVALS: 'approval:list',
  /** See one approval request. */
  READ_APPROVAL: 'approval:read',
  /** Approve or reject. Being a listed approver is asked for as well, whatever a policy says. */
  RESOLVE_APPROVAL: 'approval:resolve',
  /** Read audit records. */
  READ_AUDIT: 'audit:read',
  /** See which endpoints there are for this caller, and what separates their programs from the host. */
  READ_CAPABILITIES: 'capabilities:read',
} as const

/** One of the operations in {@link Operation}. */
export type Operation = (typeof Operation)[keyof typeof Operation]

/** Every operation. */
export const ALL_OPERATIONS: readonly Operation[] = Object.freeze(Object.values(Operation))
