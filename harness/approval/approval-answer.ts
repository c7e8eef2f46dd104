import { AgenticError, ApprovalError } from '../errors.ts'
import { canonicalJson } from '../journal/canonical-json.ts'
import type { JsonValue } from '../json-value.ts'
import { isOpen, withEdit, withVotes } from './approval-progress.ts'
import type { ApprovalEdit, ApprovalRequest, ApprovalVote } from './approval-request.ts'
import type { ApprovalResolution } from './approval-resolution.ts'
import type { ApprovalChange } from './approval-store.ts'
import { changesBetween } from './json-changes.ts'
import { currentVotes, peopleOf } from './quorum.ts'

/** By what right somebody decides. */
export interface Standing {
  readonly entitledBy: ApprovalVote['entitledBy']
  readonly onBehalfOf?: string
  readonly delegationId?: string
}

/**
 * Judges an argument that an approver wants a call to have, as every gate would judge it now.
 *
 * @returns What would reach the tool.
 * @throws {AgenticError} When a gate would refuse it.
 */
export type EditJudge = (request: ApprovalRequest, argument: JsonValue) => Promise<JsonValue>

/** What one answer makes of a request. */
export interface ApprovalAnswerTo {
  readonly next: ApprovalRequest
  readonly change: Omit<ApprovalChange, 'at'>
}

interface AnswerSetting {
  readonly standing: Standing
  readonly now: number
  readonly judgeEdit: EditJudge | undefined
}

/** What keeps one request from growing without end. */
const MAX_EDITS = 20

/**
 * What an entitled person's answer makes of an open request: a vote, a change of the argument, or where the
 * rule allows it both. Writes nothing.
 *
 * @throws {ApprovalError} `ERR_APPROVAL_CONFLICT` when they have voted, or the argument was changed too often.
 * @throws {AgenticError} `ERR_AUTHORIZATION_DENIED` when they wrote the argument; what a gate says of theirs.
 */
export async function answerTo(
  request: ApprovalRequest,
  resolution: ApprovalResolution,
  setting: AnswerSetting,
): Promise<ApprovalAnswerTo> {
  const edited = await editOf(request, resolution, setting)
  // Under four eyes whoever wrote an argument does not approve it as well.
  if (edited !== null && !request.allowSelf) return { next: edited, change: { event: 'edited' } }
  const asked = edited === null ? request : { ...edited, version: request.version }
  const vote = voteOf(asked, resolution, setting)
  const next = withVotes(asked, [vote])
  const event = isOpen(next) ? (edited === null ? 'voted' : 'edited') : next.state
  return { next, change: { event, votes: [vote] } }
}

function voteOf(
  request: ApprovalRequest,
  { approve, approver, reason }: ApprovalResolution,
  { standing, now }: AnswerSetting,
): ApprovalVote {
  const me = peopleOf({ approverId: approver.userId, ...standing })
  const isMe = (person: string) => me.includes(person)
  if (currentVotes(request, request.votes).some((vote) => peopleOf(vote).some(isMe))) {
    throw new ApprovalError('ERR_APPROVAL_CONFLICT', 'You have given your answer to this request')
  }
  const edit = request.edits.at(-1)
  const authors = edit === undefined ? [] : peopleOf({ ...edit, approverId: edit.editorId })
  if (approve && !request.allowSelf && authors.some(isMe)) {
    throw new AgenticError(
      'ERR_AUTHORIZATION_DENIED',
      'Whoever changed the argument may not approve it: another approver has to',
    )
  }
  return {
    approve,
    approverId: approver.userId,
    ...standing,
    ...(reason === undefined ? {} : { reason }),
    decidedAt: now,
    digest: request.digest,
    revision: request.revision,
  }
}

async function editOf(
  request: ApprovalRequest,
  { editedArguments, approver, reason }: ApprovalResolution,
  { standing, now, judgeEdit }: AnswerSetting,
): Promise<ApprovalRequest | null> {
  const { subject, edits } = request
  if (editedArguments === undefined) return null
  if (subject.kind !== 'call' || judgeEdit === undefined) {
    throw new AgenticError('ERR_REQUEST_INVALID', 'Only the argument of a tool call can be changed')
  }
  if (edits.length >= MAX_EDITS) {
    throw new ApprovalError(
      'ERR_APPROVAL_CONFLICT',
      `The argument was changed ${MAX_EDITS} times: approve or reject it as it is`,
    )
  }
  const argument = await judgeEdit(request, editedArguments)
  if (canonicalJson(argument) === canonicalJson(subject.argument)) return null
  const { onBehalfOf } = standing
  const edit: ApprovalEdit = {
    editorId: approver.userId,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(reason === undefined ? {} : { reason }),
    editedAt: now,
    argument,
    changes: changesBetween(subject.argument, argument),
  }
  return withEdit(request, edit)
}
