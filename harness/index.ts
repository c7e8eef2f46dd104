/**
 * The gates, the sandbox and the record: may this program run, and what did it do? This room imports
 * nothing of the others and works alone. Start reading at `harness-engine.ts`.
 *
 * @module
 */

export type { EditJudge } from './approval/approval-answer.ts'
export { approvalDigest } from './approval/approval-digest.ts'
export type {
  ApprovalDelegation,
  ApprovalGrant,
  ApprovalMandate,
  ApprovalMandatesOptions,
  DelegationInput,
  GrantableCall,
  GrantInput,
  MandateFilter,
  MandateStore,
  MandateUse,
  Revocation,
} from './approval/approval-mandates.ts'
export { ApprovalMandates } from './approval/approval-mandates.ts'
export type {
  ApprovalDecision,
  ApprovalEdit,
  ApprovalRequest,
  ApprovalState,
  ApprovalSubject,
  ApprovalVote,
  Approver,
} from './approval/approval-request.ts'
export type { ApprovalResolution } from './approval/approval-resolution.ts'
export type {
  ApprovalRuleOptions,
  CallSubject,
  HeldCallQuestion,
  ProgramSubject,
} from './approval/approval-rule.ts'
export { ApprovalRule } from './approval/approval-rule.ts'
export type {
  ApprovalChange,
  ApprovalEventKind,
  ApprovalFilter,
  ApprovalStore,
} from './approval/approval-store.ts'
export { approversOf, canDecide, canSee, isApprover } from './approval/approval-visibility.ts'
export type { ApprovalInput, ApprovalWorkflowOptions } from './approval/approval-workflow.ts'
export { ApprovalWorkflow } from './approval/approval-workflow.ts'
export type { JsonChange } from './approval/json-changes.ts'
export { MemoryApprovalStore } from './approval/memory-approval-store.ts'
export { nameOfApprover } from './approval/quorum.ts'
export { checkToolApproval, ruleOfTool } from './approval/tool-approval.ts'
export type { AuditRecorder, TraceFilter, TraceOwner } from './audit/audit-recorder.ts'
export type { Entrance, ExecutionTrace } from './audit/execution-trace.ts'
export { namesIn, verdictOf } from './audit/execution-trace.ts'
export { MemoryAuditRecorder } from './audit/memory-audit-recorder.ts'
export { redact, redactTrace } from './audit/redact.ts'
export { redactText } from './audit/redact-text.ts'
export type { ErrorCode } from './errors.ts'
export {
  AgenticError,
  ApprovalError,
  AuditError,
  ConfigurationError,
  ERROR_CODES,
  ProgramError,
  SandboxError,
  ToolError,
} from './errors.ts'
export type { HarnessEngineOptions, HarnessOutcome, HarnessRequest } from './harness-engine.ts'
export { HarnessEngine } from './harness-engine.ts'
export { callDigest, canonicalJson } from './journal/canonical-json.ts'
export { describeDivergence } from './journal/divergence.ts'
export { MemoryRunJournal } from './journal/memory-run-journal.ts'
export type {
  OfflineCall,
  OfflineReplay,
  OfflineRequest,
} from './journal/offline-replay.ts'
export { digestOfResult, replayOffline } from './journal/offline-replay.ts'
export type {
  AnswerPlace,
  JournalAnswer,
  JournalEntry,
  ProgramTurn,
  RunJournal,
  TurnRecord,
} from './journal/run-journal.ts'
export { unknownCalls } from './journal/unknown-calls.ts'
export type { JsonObject, JsonValue } from './json-value.ts'
export type { ArgumentJudgement } from './judge-argument.ts'
export { judgeArgument } from './judge-argument.ts'
export type { JudgeMeans, Judgement, JudgeRequest } from './judge-program.ts'
export { judgeProgram } from './judge-program.ts'
export type { Logger } from './logger.ts'
export { silentLogger } from './logger.ts'
export type {
  CapabilityPlan,
  PlannableTool,
  PlannedSql,
  PlannedStatement,
  PlannedTool,
  PlanSources,
  SqlReader,
  SqlShape,
} from './plan/capability-plan.ts'
export { derivePlan } from './plan/capability-plan.ts'
export type { PlanCover, PlannedCall } from './plan/covers-call.ts'
export { coversCall } from './plan/covers-call.ts'
export { describePlan } from './plan/describe-plan.ts'
export type { CodePolicyOptions } from './policy/code-policy.ts'
export { CodePolicy } from './policy/code-policy.ts'
export type { DataPolicyOptions } from './policy/data-policy.ts'
export { DataPolicy } from './policy/data-policy.ts'
export type { Policy, PolicyContext, PolicyToolCall } from './policy/policy.ts'
export type { ResourcePolicyOptions } from './policy/resource-policy.ts'
export { ResourcePolicy } from './policy/resource-policy.ts'
export type { RuntimePolicyOptions } from './policy/runtime-policy.ts'
export { RuntimePolicy } from './policy/runtime-policy.ts'
export type { SqlReasonCode, SqlVerdict } from './policy/sql/sql-verdict.ts'
export type {
  Program,
  ProgramFacts,
  ProgramLanguage,
  SourcePosition,
  ToolUse,
} from './program.ts'
export type { ProgramReaderOptions, ReadProgram, ReadRequest } from './program-reader.ts'
export { ProgramReader } from './program-reader.ts'
export type { Action, Requester } from './requester.ts'
export { strictestAction } from './requester.ts'
export type { CgroupOptions } from './sandbox/isolation/cgroup-options.ts'
export type { IsolationDriver, LaunchPlan } from './sandbox/isolation/driver.ts'
export type {
  IsolationFacts,
  IsolationLayer,
  IsolationLevel,
  IsolationMinimum,
} from './sandbox/isolation/isolation-level.ts'
export type { ProcessSandboxOptions, SandboxEngine } from './sandbox/process-sandbox.ts'
export { ProcessSandbox } from './sandbox/process-sandbox.ts'
export type { ResourceLimits } from './sandbox/resource-limits.ts'
export { DEFAULT_LIMITS } from './sandbox/resource-limits.ts'
export type {
  AbandonedCall,
  ConsoleLine,
  GuestError,
  Progress,
  ResourceUsage,
  Sandbox,
  SandboxEnding,
  SandboxEvent,
  SandboxRequest,
  SandboxResult,
  SandboxToolAnswer,
  SandboxToolCall,
} from './sandbox/sandbox.ts'
export { NO_USAGE } from './sandbox/sandbox.ts'
export type {
  SchemaAnswer,
  SqlDeclaration,
  SqlDialect,
  Tool,
  ToolContext,
  ToolSchema,
} from './sandbox/tool-host.ts'
export type { PoolOptions } from './sandbox/worker-pool.ts'
export type { TypeScriptInstallation } from './types/find-typescript.ts'
export { findTypeScript } from './types/find-typescript.ts'
export type { ObjectType, ObjectTypeProperty, TypeStyle } from './types/schema-to-type.ts'
export { acceptsEmptyObject, propertyKey, schemaToType } from './types/schema-to-type.ts'
export type { DeclaredType, ToolTypes, TypedTool } from './types/tool-types.ts'
export { declareToolTypes } from './types/tool-types.ts'
export type { CheckedProgram, TypeChecker } from './types/type-checker.ts'
export type { TypeFinding, TypeRuleId } from './types/type-finding.ts'
export type { TypeScriptCheckerOptions } from './types/typescript-checker.ts'
export { TypeScriptChecker } from './types/typescript-checker.ts'
export { refuseUnknownOptions } from './unknown-options.ts'
export { OutputSizeMonitor } from './validation/output-size.ts'
export { OutputTypeValidator } from './validation/output-type.ts'
export type { OutputValidator, RunOutput } from './validation/output-validator.ts'
export { ReadOnlyValidator } from './validation/read-only.ts'
export { ResourceMonitor } from './validation/resource-usage.ts'
export type { Finding, Verdict } from './verdict.ts'
export { decide } from './verdict.ts'
