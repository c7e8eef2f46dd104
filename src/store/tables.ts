import type { Generated } from 'kysely'

/**
 * The tables, as the newest migration leaves them. Texts called `…_json` hold JSON; times are
 * milliseconds since 1970; booleans are 0 or 1. The prefix keeps them apart in a file that the author of
 * an app shares with tables of their own.
 */
export interface Tables {
  readonly airlock_approvals: ApprovalTable
  readonly airlock_approvers: ApproverTable
  readonly airlock_journal: JournalTable
  readonly airlock_programs: ProgramTable
  readonly airlock_runs: RunTable
  readonly airlock_sessions: SessionTable
  readonly airlock_session_turns: SessionTurnTable
  readonly airlock_traces: TraceTable
}

export interface ApprovalTable {
  position: Generated<number>
  id: string
  tenant_id: string | null
  /** The requester. */
  user_id: string | null
  run_id: string
  state: string
  expires_at: number
  escalate_at: number | null
  /** Which of the run's programs is asked about. */
  program_digest: string
  /** What never changes: the request without state, decision, program and plan. */
  request_json: string
  decision_json: string | null
}

/** Who may come to decide a request, those of its escalation included. */
export interface ApproverTable {
  approval_id: string
  /** `role:<name>` or `user:<id>`. */
  approver: string
}

/** What approvers are shown of a program: once per run, however many of its calls are asked about. */
export interface ProgramTable {
  run_id: string
  /** SHA-256 of `shown_json`, hex. */
  digest: string
  shown_json: string
}

export interface JournalTable {
  run_id: string
  seq: number
  tenant_id: string | null
  tool: string
  argument_json: string
  /** Null where the argument reached the tool as the program gave it. */
  effective_json: string | null
  digest: string
  read_only: number
  idempotency_key: string
  started_at: number
  answer_json: string | null
  finished_order: number | null
}

export interface RunTable {
  position: Generated<number>
  run_id: string
  tenant_id: string | null
  user_id: string | null
  endpoint: string
  entrance: string
  status: string
  action: string
  requester_json: string
  user_json: string
  intent_json: string | null
  session_id: string | null
  program_json: string | null
  data_json: string
  determinism_json: string
  outcome_json: string | null
  created_at: number
  updated_at: number
  /** The process that works on the run while it is queued or running. */
  lease_owner: Generated<string | null>
  lease_until: Generated<number>
  attempts_json: string | null
}

export interface SessionTable {
  session_id: string
  tenant_id: string | null
  user_id: string
  created_at: number
  updated_at: number
}

export interface SessionTurnTable {
  position: Generated<number>
  session_id: string
  tenant_id: string | null
  role: string
  content: string
  /** Bytes of `content` in UTF-8. */
  bytes: number
}

export interface TraceTable {
  position: Generated<number>
  run_id: string
  tenant_id: string | null
  user_id: string | null
  /** A `TraceOwner`, written in one way only: equal owners have equal texts. */
  owner_json: string
  endpoint: string
  status: string
  trace_json: string
}
