/**
 * The public face: agent endpoints over HTTP and in code, who is asking, whether they may, and where it
 * is kept. May import the other two rooms. Start reading at `agentic-app.ts`, then `run-intent.ts`.
 *
 * @module
 */

export type {
  Action,
  ApprovalDelegation,
  ApprovalEdit,
  ApprovalEventKind,
  ApprovalGrant,
  ApprovalMandate,
  ApprovalRequest,
  ApprovalRuleOptions,
  ApprovalState,
  ApprovalVote,
  Approver,
  CgroupOptions,
  CodePolicyOptions,
  ConsoleLine,
  DataPolicyOptions,
  ErrorCode,
  ExecutionTrace,
  Finding,
  IsolationDriver,
  IsolationFacts,
  IsolationLevel,
  IsolationMinimum,
  JsonObject,
  JsonValue,
  Logger,
  OutputValidator,
  Policy,
  PolicyContext,
  PolicyToolCall,
  ProcessSandboxOptions,
  Program,
  ResourceLimits,
  ResourcePolicyOptions,
  ResourceUsage,
  RunOutput,
  RuntimePolicyOptions,
  SqlDeclaration,
  SqlDialect,
  SqlReasonCode,
  SqlVerdict,
  Tool,
  ToolContext,
  ToolSchema,
  TraceFilter,
  TraceOwner,
} from '../harness/index.ts'
export {
  AgenticError,
  ApprovalError,
  ApprovalRule,
  CodePolicy,
  ConfigurationError,
  DataPolicy,
  DEFAULT_LIMITS,
  OutputSizeMonitor,
  OutputTypeValidator,
  ReadOnlyValidator,
  ResourceMonitor,
  ResourcePolicy,
  RuntimePolicy,
  SandboxError,
  ToolError,
} from '../harness/index.ts'
export type {
  AiSdkLanguageModel,
  AiSdkModelOptions,
  Intent,
  IntentScope,
  JsonSchema,
  LanguageModel,
  ModelPurpose,
  ModelReply,
  ModelRequest,
  ProgramExample,
  ToolDefinition,
} from '../runtime/index.ts'
export {
  aiSdkModel,
  defineTool,
  jsonSchema,
  ModelError,
  resultSchema,
  ScriptedModel,
} from '../runtime/index.ts'
export type {
  AgentEndpointOptions,
  AgentHandler,
  HandlerContext,
  ScopeOptions,
  TypeCheckMode,
} from './agent-endpoint.ts'
export type { AgentRouter, RouterOptions } from './agent-router.ts'
export type { AgenticAppOptions, ListenOptions } from './agentic-app.ts'
export { AgenticApp } from './agentic-app.ts'
export type { Approvals, CodeDecision } from './approvals.ts'
export type { Audit } from './audit/audit.ts'
export type { CheckpointOptions } from './audit/audit-checkpoints.ts'
export type { ErasedPerson } from './audit/audit-log.ts'
export type { AuditBounds } from './audit/audit-retention.ts'
export type { AuditCheckpoint } from './audit/checkpoint.ts'
export type { AuditOptions } from './audit/open-audit.ts'
export type { AuditFault, AuditProblem, AuditReport, VerifyOptions } from './audit/verify-chain.ts'
export { verifyExport } from './audit/verify-export.ts'
export type {
  AuthorizationRequest,
  AuthorizedResource,
} from './authorization/authorization-policy.ts'
export { AuthorizationPolicy } from './authorization/authorization-policy.ts'
export { DevelopmentAuthorizationPolicy } from './authorization/development-authorization-policy.ts'
export { Operation } from './authorization/operation.ts'
export type { ProductionAuthorizationPolicyOptions } from './authorization/production-authorization-policy.ts'
export { ProductionAuthorizationPolicy } from './authorization/production-authorization-policy.ts'
export {
  AuthenticationError,
  AuthorizationError,
  RateLimitError,
  RequestError,
  RunError,
} from './errors.ts'
export type { RunningServer } from './http/node-server.ts'
export type { ApprovalNotice } from './notifiers/approval-notice.ts'
export type { LogNotifierOptions } from './notifiers/log-notifier.ts'
export { logNotifier } from './notifiers/log-notifier.ts'
export type { Notifier } from './notifiers/notifier.ts'
export type { WebhookNotifierOptions } from './notifiers/webhook-notifier.ts'
export { webhookNotifier } from './notifiers/webhook-notifier.ts'
export type { IdempotentRequest } from './request-key.ts'
export type { OutcomeResolution } from './resolve-outcome.ts'
export type { RollbackCall, RollbackPlan } from './rollback/rollback-plan.ts'
export type { RunOutcome } from './run-outcome.ts'
export type {
  Addressed,
  ExecuteRequest,
  IntentCall,
  IntentRequest,
  ProgramCall,
} from './run-request.ts'
export type { Runs } from './runs.ts'
export { APIKeyHeader } from './security/api-key-header.ts'
export { APIKeyQuery } from './security/api-key-query.ts'
export type { AuthUser, ClaimedUser } from './security/auth-user.ts'
export type { Authentication, AuthenticatorOptions, Verify } from './security/authenticator.ts'
export { Authenticator } from './security/authenticator.ts'
export { constantTimeEqual } from './security/constant-time-equal.ts'
export { HTTPBasic } from './security/http-basic.ts'
export { HTTPBearer } from './security/http-bearer.ts'
export type { JwtAlgorithm, JwtKeys, JwtVerifierOptions } from './security/jwt-verifier.ts'
export { jwtVerifier } from './security/jwt-verifier.ts'
export type {
  APIKeyCredentials,
  BasicCredentials,
  BearerCredentials,
  Credentials,
  CredentialsReading,
  SecurityScheme,
} from './security/security-scheme.ts'
export type { RunFilter, RunStatus } from './store/run-store.ts'
export type { StoreFailure } from './store/store-error.ts'
export { StoreError } from './store/store-error.ts'
export type { PostgresqlStore, StoreLocation } from './store/store-location.ts'
export type { StoreSecrets } from './store/store-secrets.ts'
export type { TracePage, TraceSearch } from './store/trace-store.ts'
export type { LoggerOptions } from './telemetry/logger.ts'
export { createLogger } from './telemetry/logger.ts'
export type { PostgresqlConnection } from './tools/postgresql-place.ts'
export type { SqlAccess } from './tools/sql-access.ts'
export type { DatabaseWall, DatabaseWallName, SqlAnswer, SqlMode } from './tools/sql-source.ts'
export type {
  PostgresqlToolOptions,
  SqliteToolOptions,
  SqlTool,
  SqlToolOptions,
} from './tools/sql-tool.ts'
export { sqlTool } from './tools/sql-tool.ts'
