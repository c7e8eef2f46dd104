import type { JsonValue } from '../json-value.ts'
import type { ToolUse } from '../program.ts'
import type { Action, Requester } from '../requester.ts'
import type { JsonChange } from './json-changes.ts'

/** Who may decide: everyone with a role, everyone in a group, or one user. */
export type Approver =
  | { readonly role: string }
  | { readonly group: string }
  | { readonly userId: string }

/**
 * `pending` is open; `escalated` is still open, with more approvers and a deadline of its own. The others
 * are final: `expired` when nobody decided in time, `withdrawn` when the run ended without it.
 */
export type ApprovalState =
  | 'pending'
  | 'escalated'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'withdrawn'

/** What is to be decided: a whole program before it runs, or one call it makes. */
export type ApprovalSubject =
  | { readonly kind: 'program' }
  | {
      readonly kind: 'call'
      readonly seq: number
      readonly tool: string
      /** What would reach the tool: its schema's defaults filled in, and what an approver changed. */
      readonly argument: JsonValue
      /** What the program gave: how the call is found again when the program runs again. */
      readonly requested: JsonValue
    }

/** What a person answered, who and when. */
export interface ApprovalDecision {
  readonly approve: boolean
  readonly approverId: string
  /** The approver in whose place this one decided, by delegation. */
  readonly onBehalfOf?: string
  readonly delegationId?: string
  /** Set where nobody was asked, because the approver had granted such calls before. */
  readonly grantId?: string
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly decidedAt: number
  /** The request's `digest` as it was then: a decision holds for nothing else. */
  readonly digest: string
}

/** One person's answer. Written once, never changed; those of an earlier revision have lapsed. */
export interface ApprovalVote extends ApprovalDecision {
  readonly revision: number
  /** The entries of the list of approvers that entitled them. */
  readonly entitledBy: readonly Approver[]
}

/** An approver's change to the argument of a call. They count as its author, not as one who approved. */
export interface ApprovalEdit {
  readonly editorId: string
  readonly onBehalfOf?: string
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly editedAt: number
  /** The argument that it left. */
  readonly argument: JsonValue
  /** What differs from the argument before. */
  readonly changes: readonly JsonChange[]
}

/** Something that waits for a person. */
export interface ApprovalRequest {
  readonly id: string
  readonly runId: string
  readonly sessionId?: string
  readonly endpoint: string
  /** The name of the rule that asked. */
  readonly rule: string
  readonly subject: ApprovalSubject
  /** SHA-256 of run, rule, program and subject, hex: what a decision is bound to. */
  readonly digest: string
  readonly action: Action
  /** The intent as the requester wrote it; absent for a program the caller brought. */
  readonly intent?: string
  /** The program's text and the hash of what will run. */
  readonly program: { readonly source: string; readonly code: string; readonly hash: string }
  /** What the program can reach, as far as its code shows. */
  readonly plan: readonly ToolUse[]
  /** The same in plain words, one claim each: part of what is approved, and enforced at the tool gate. */
  readonly capabilities: readonly string[]
  readonly requester: Requester | null
  readonly approvers: readonly Approver[]
  /** How many people must say yes; `'all'` is one for each entry of the approvers. */
  readonly quorum: number | 'all'
  /** Whether the requester, and whoever changed the argument, may decide as well. */
  readonly allowSelf: boolean
  readonly state: ApprovalState
  readonly createdAt: number
  /** When it can no longer be decided, escalated or not. */
  readonly expiresAt: number
  /** When the request escalates and to whom, if the rule says so. */
  readonly escalation?: { readonly at: number; readonly to: readonly Approver[] }
  /** Every answer, oldest first, those that have lapsed included. */
  readonly votes: readonly ApprovalVote[]
  /** Every change to the argument, oldest first. */
  readonly edits: readonly ApprovalEdit[]
  /** From 0, one more each time that earlier votes lapsed. */
  readonly revision: number
  /** From 0, one more with every change of anything. */
  readonly version: number
  /** The answer that decided it. */
  readonly decision?: ApprovalDecision
}
