import type { ApprovalRequest, ApprovalVote, Approver } from './approval-request.ts'

/**
 * Whether enough different people have said yes to a request as it stands. With quorum `'all'` each entry of
 * the approvers, or each of those it escalated to, has a person of its own: somebody with two of the roles
 * stands for one of them.
 */
export function isCarried(
  request: Pick<ApprovalRequest, 'approvers' | 'escalation' | 'quorum' | 'revision'>,
  votes: readonly ApprovalVote[],
): boolean {
  const yes = currentVotes(request, votes).filter(({ approve }) => approve)
  if (request.quorum !== 'all') return distinctPeople(yes).length >= request.quorum
  const groups = [request.approvers, ...(request.escalation ? [request.escalation.to] : [])]
  return groups.some((group) => hasOneForEach(group, distinctPeople(yes)))
}

/** The votes on the argument as it is now. */
export function currentVotes(
  { revision }: Pick<ApprovalRequest, 'revision'>,
  votes: readonly ApprovalVote[],
): readonly ApprovalVote[] {
  return votes.filter((vote) => vote.revision === revision)
}

/** Everybody a vote speaks for: who gave it, and in whose place. */
export function peopleOf(vote: Pick<ApprovalVote, 'approverId' | 'onBehalfOf'>): readonly string[] {
  const { approverId, onBehalfOf } = vote
  return onBehalfOf === undefined ? [approverId] : [approverId, onBehalfOf]
}

/** Nobody counts twice, in their own name or in somebody else's. */
function distinctPeople(votes: readonly ApprovalVote[]): readonly ApprovalVote[] {
  const seen = new Set<string>()
  return votes.filter((vote) => {
    const people = peopleOf(vote)
    if (people.some((person) => seen.has(person))) return false
    for (const person of people) seen.add(person)
    return true
  })
}

/** Finds a vote for each entry, none used twice, moving earlier ones where that makes room. */
function hasOneForEach(entries: readonly Approver[], votes: readonly ApprovalVote[]): boolean {
  const entryOf = new Map<ApprovalVote, Approver>()
  const place = (entry: Approver, tried: Set<ApprovalVote>): boolean =>
    votes.some((vote) => {
      if (tried.has(vote) || !vote.entitledBy.some((other) => isSame(other, entry))) return false
      tried.add(vote)
      const displaced = entryOf.get(vote)
      if (displaced !== undefined && !place(displaced, tried)) return false
      entryOf.set(vote, entry)
      return true
    })
  return entries.every((entry) => place(entry, new Set()))
}

function isSame(a: Approver, b: Approver): boolean {
  return nameOfApprover(a) === nameOfApprover(b)
}

/** `role:<name>`, `group:<name>` or `user:<id>`: no two approvers have the same. */
export function nameOfApprover(approver: Approver): string {
  if ('role' in approver) return `role:${approver.role}`
  return 'group' in approver ? `group:${approver.group}` : `user:${approver.userId}`
}
