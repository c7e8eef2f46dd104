import type { Generated } from 'kysely'

/**
 * The tables, as the newest migration leaves them. Texts called `…_json` hold JSON; times are
 * milliseconds since 1970; booleans are 0 or 1. The prefix keeps them apart in a file that the author of
 * an app shares with tables of their own.
 */
export interface Tables {
  readonly airlock_approval_events: ApprovalEventTable
  readonly airlock_approval_votes: ApprovalVoteTable
  readonly airlock_approvals: ApprovalTable
  readonly airlock_approvers: ApproverTable
  readonly airlock_audit_checkpoints: AuditCheckpointTable
  readonly airlock_audit_head: AuditHeadTable
  readonly airlock_audit_keys: AuditKeyTable
  readonly airlock_audit_records: AuditRecordTable
  readonly airlock_journal: JournalTable
  readonly airlock_mandates: MandateTable
  readonly airlock_outbox: OutboxTable
  readonly airlock_programs: ProgramTable
  readonly airlock_resolutions: ResolutionTable
  readonly airlock_runs: RunTable
  readonly airlock_sessions: SessionTable
  readonly airlock_session_turns: SessionTurnTable
  readonly airlock_subjects: SubjectTable
  readonly airlock_trace_names: TraceNameTable
  readonly airlock_traces: TraceTable
  readonly airlock_unchained_traces: UnchainedTraceTable
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
  /** The request without state, version, votes, decision, program and plan. */
  request_json: string
  decision_json: string | null
  version: Generated<number>
  /** Random; tells what the latest change wrote from what another one would have. */
  change_id: Generated<string | null>
}

/** One person's answer to one request. Rows are added and never changed. */
export interface ApprovalVoteTable {
  approval_id: string
  /** From 0, in the order in which they were given. */
  nth: number
  revision: number
  approver_id: string
  decided_at: number
  vote_json: string
}

/** A grant or a delegation. */
export interface MandateTable {
  position: Generated<number>
  id: string
  kind: string
  tenant_id: string | null
  granter_id: string
  substitute_id: string | null
  run_id: string | null
  session_id: string | null
  valid_until: number
  revoked_at: number | null
  revoked_by: string | null
  mandate_json: string
}

/** What happened to a request, for everybody who is told. */
export interface ApprovalEventTable {
  id: string
  approval_id: string
  kind: string
  happened_at: number
  notice_json: string
}

/** What a notifier has still to be told. A row goes when it was told, and stays when it was given up. */
export interface OutboxTable {
  event_id: string
  notifier: string
  attempts: Generated<number>
  /** When it is tried next; later than now while somebody is trying. */
  next_at: number
  gave_up_at: number | null
  last_error: string | null
}

/** Who may come to decide a request, those of its escalation included. */
export interface ApproverTable {
  approval_id: string
  /** `role:<name>`, `group:<name>` or `user:<id>`. */
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
  finished_at: Generated<number | null>
  /** What the program had seen by then, as far as earlier rows do not hold it; null where nobody kept it. */
  turns_json: Generated<string | null>
  /** 1 when a person said that the call did not happen, until it is made again. */
  is_released: Generated<number>
}

/** What people said of calls whose outcome nobody knew: once per call and holding of the run. */
export interface ResolutionTable {
  run_id: string
  /** -1 for the run as a whole. */
  seq: number
  lease_epoch: number
  tenant_id: string | null
  resolution_id: string
  resolution_json: string
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
  /** Counts the holders of the run: what an earlier one writes is refused. */
  lease_epoch: Generated<number>
  /** How often its holder died. */
  interruptions: Generated<number>
  /** What its program saw after its last call; null where there was nothing. */
  turns_json: Generated<string | null>
  /** SHA-256 of tenant, user, endpoint and `Idempotency-Key` of the request that began it, hex. */
  request_scope: Generated<string | null>
  /** SHA-256 of that request's body, hex. */
  request_digest: Generated<string | null>
  /** For a run that undoes another one: which one. */
  rollback_of: Generated<string | null>
  /** And which of its calls. */
  rollback_json: Generated<string | null>
  /** The same as `rollback_of` until it ends: a run is undone by one other at a time. */
  rollback_claim: Generated<string | null>
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

/** The newest record of the chain: the one row that every append moves on. */
export interface AuditHeadTable {
  /** Always 1. */
  id: number
  chain_id: string
  position: number
  hash: string
  at: number
  /** Bytes of all payloads ever chained. */
  total_bytes: number
  /** Payloads up to this position are gone. */
  floor: number
}

export interface AuditRecordTable {
  /** From 1, without gaps. */
  position: number
  at: number
  kind: string
  run_id: string | null
  /** Null once its retention is over. */
  payload: string | null
  /** SHA-256 of `payload`, hex. */
  payload_digest: string
  previous_hash: string
  hash: string
  /** Bytes of all payloads up to this one. */
  total_bytes: number
}

export interface AuditCheckpointTable {
  position: number
  hash: string
  at: number
  key_id: string
  /** Ed25519, base64. */
  signature: string
}

export interface AuditKeyTable {
  key_id: string
  /** The record that says since when. */
  position: number
  /** SPKI, DER, base64. */
  public_key: string
  previous_key_id: string | null
  /** Of the key before over this one; null for the first, and where the key before was lost. */
  signature: string | null
}

/** A key per person whose data is encrypted. */
export interface SubjectTable {
  subject_id: string
  /** Null when erased: nothing says whose data it was. */
  owner_json: string | null
  /** The data key, encrypted with the master key; null when erased. */
  wrapped_key: string | null
  created_at: number
  erased_at: number | null
}

/** What traces are found by. Their text is the payload of the record at `record_position`. */
export interface TraceTable {
  /** Of the first record of the run: lists are ordered by it. */
  position: number
  run_id: string
  /** Of the newest record of the run. */
  record_position: number
  /** When the first record was written; never decreases with `position`. */
  at: number
  tenant_id: string | null
  user_id: string | null
  /** A `TraceOwner`, written in one way only: equal owners have equal texts. */
  owner_json: string
  endpoint: string
  status: string
  /** `allow` or `deny`; null while nothing is decided. */
  verdict: string | null
}

/** Which tools and tables a trace names: `tool:<name>` and `table:<name>`. */
export interface TraceNameTable {
  position: number
  name: string
}

/** Traces written before there was a chain. They are chained when the store is opened, and then gone. */
export interface UnchainedTraceTable {
  position: number
  run_id: string
  trace_json: string
}
