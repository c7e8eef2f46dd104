import { createHash } from 'node:crypto'
import { canonicalJson } from '../journal/canonical-json.ts'
import type { JsonValue } from '../json-value.ts'
import type { ApprovalRequest } from './approval-request.ts'

/**
 * What a decision is bound to: the run, the rule, the program that runs and, for a call, its place and
 * both arguments. SHA-256 in lower-case hex.
 */
export function approvalDigest({
  runId,
  endpoint,
  rule,
  program,
  subject,
}: Pick<ApprovalRequest, 'runId' | 'endpoint' | 'rule' | 'subject'> & {
  readonly program: Pick<ApprovalRequest['program'], 'hash'>
}): string {
  const about: JsonValue =
    subject.kind === 'program'
      ? ['program']
      : ['call', subject.seq, subject.tool, subject.requested, subject.argument]
  return createHash('sha256')
    .update(canonicalJson([runId, endpoint, rule, program.hash, about]))
    .digest('hex')
}
