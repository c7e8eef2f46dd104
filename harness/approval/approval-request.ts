import type { JsonValue } from '../json-value.ts'
import type { ToolUse } from '../program.ts'
import type { Action, Requester } from '../requester.ts'

/** Who may decide: everyone with a role, or one user. */
export type Approver = { readonly role: string } | { readonly userId: string }

/** `escalated` is still open, with more approvers; the other three besides `pending` are final. */
export type ApprovalState = 'pending' | 'escalated' | 'approved' | 'rejected' | 'expired'

/** What is to be decided: a whole program before it runs, or one call it makes. */
export type ApprovalSubject =
  | { readonly kind: 'program' }
  | {
      readonly kind: 'call'
      readonly seq: number
      readonly tool: string
      /** What would reach the tool, its schema's defaults filled in: what the approver decides. */
      readonly argument: JsonValue
      /** What the program gave: how the call is found again when the program runs again. */
      readonly requested: JsonValue
    }

/** What a person answered, who and when. */
export interface ApprovalDecision {
  readonly approve: boolean
  readonly approverId: string
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly decidedAt: number
}

/** Something that waits for a person. */
export interface ApprovalRequest {
  readonly id: string
  readonly runId: string
  readonly endpoint: string
  /** The name of the rule that asked. */
  readonly rule: string
  readonly subject: ApprovalSubject
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
  /** Whether the requester may decide their own request. */
  readonly allowSelf: boolean
  readonly state: ApprovalState
  readonly createdAt: number
  readonly expiresAt: number
  /** When the request escalates and to whom, if the rule says so. */
  readonly escalation?: { readonly at: number; readonly to: readonly Approver[] }
  readonly decision?: ApprovalDecision
}
