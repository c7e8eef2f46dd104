/**
 * Intent in, program text out: what did they mean, and which program would do it? This room may import
 * `harness`. Start reading at `agent-runtime.ts`.
 *
 * @module
 */

export type { WriteRequest, WrittenProgram } from './agent-runtime.ts'
export { AgentRuntime } from './agent-runtime.ts'
export type { ExtractedCode } from './code/extract-code.ts'
export { extractCode } from './code/extract-code.ts'
export { IntentError, ModelError, SessionError } from './errors.ts'
export type { Intent } from './intent/intent.ts'
export { UNKNOWN_DOMAIN } from './intent/intent.ts'
export type { IntentScope } from './intent/intent-scope.ts'
export { isInScope } from './intent/intent-scope.ts'
export type { ParseIntentOptions } from './intent/parse-intent.ts'
export type { AiSdkModelOptions } from './llm/ai-sdk-model.ts'
export { aiSdkModel } from './llm/ai-sdk-model.ts'
export type { AiSdkCallOptions, AiSdkLanguageModel, AiSdkResult } from './llm/ai-sdk-types.ts'
export type {
  LanguageModel,
  ModelMessage,
  ModelPurpose,
  ModelReply,
  ModelRequest,
} from './llm/language-model.ts'
export type { ScriptedReply } from './llm/scripted-model.ts'
export { ScriptedModel } from './llm/scripted-model.ts'
export type {
  ProgramExample,
  ProgramFeedback,
  PromptEndpoint,
} from './prompts/code-generation.ts'
export { escapeXml } from './prompts/escape-xml.ts'
export type { SessionTurn } from './sessions/session.ts'
export type { JsonSchema } from './tools/json-schema.ts'
export { jsonSchema } from './tools/json-schema.ts'
export type { ToolDefinition } from './tools/tool.ts'
export { defineTool } from './tools/tool.ts'
export { declareTools } from './tools/tool-declarations.ts'
export { ToolRegistry } from './tools/tool-registry.ts'
export { resultSchema } from './tools/tool-schema.ts'
