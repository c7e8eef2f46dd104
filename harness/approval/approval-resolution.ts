import type { JsonValue } from '../json-value.ts'
import type { Requester } from '../requester.ts'

/** A person's answer, with the person as authenticated by their own credential. */
export interface ApprovalResolution {
  readonly approve: boolean
  /** Shown to the requester. Cut at 2 000 characters. */
  readonly reason?: string
  readonly approver: Requester
  /**
   * The argument that the call is to be made with, instead of the one shown; with `approve: true` only.
   * Earlier votes lapse, and the approver counts as its author: under four eyes somebody else approves it.
   */
  readonly editedArguments?: JsonValue
  /** The `digest` of what the approver was shown: if it is something else by now, nothing is decided. */
  readonly expectedDigest?: string
}

const MAX_REASON_LENGTH = 2_000

/**
 * Decisions come from code and from parsed bodies, neither of which a type can hold to its word.
 *
 * @throws {TypeError} Names the field: the text `'false'` is not a yes.
 */
export function readResolution(resolution: ApprovalResolution): ApprovalResolution {
  const {
    approve,
    reason,
    expectedDigest,
    editedArguments,
  }: { [name in keyof ApprovalResolution]?: unknown } = resolution
  if (typeof approve !== 'boolean') throw new TypeError('`approve` must be true or false')
  if (reason !== undefined && typeof reason !== 'string') {
    throw new TypeError('`reason` must be a string')
  }
  if (expectedDigest !== undefined && typeof expectedDigest !== 'string') {
    throw new TypeError('`expectedDigest` must be a string')
  }
  if (editedArguments !== undefined && !approve) {
    throw new TypeError('`editedArguments` goes with `approve: true`')
  }
  return reason === undefined
    ? resolution
    : { ...resolution, reason: reason.slice(0, MAX_REASON_LENGTH) }
}
