import type { Rule } from './rule.ts'
import { noActiveResult } from './rules/no-active-result.ts'
import { noComputedName } from './rules/no-computed-name.ts'
import { noConstructorAccess } from './rules/no-constructor-access.ts'
import { noDebugger } from './rules/no-debugger.ts'
import { noDynamicImport } from './rules/no-dynamic-import.ts'
import { noErrorHooks } from './rules/no-error-hooks.ts'
import { noEscapedDeniedName } from './rules/no-escaped-denied-name.ts'
import { noEval } from './rules/no-eval.ts'
import { noForbiddenImport } from './rules/no-forbidden-import.ts'
import { noForeignProxy } from './rules/no-foreign-proxy.ts'
import { noHashbang } from './rules/no-hashbang.ts'
import { noHtmlComment } from './rules/no-html-comment.ts'
import { noInvalidRegex } from './rules/no-invalid-regex.ts'
import { noInvisibleCharacters } from './rules/no-invisible-characters.ts'
import { noLegacy } from './rules/no-legacy.ts'
import { noPrototypeAccess } from './rules/no-prototype-access.ts'
import { noSharedMemory } from './rules/no-shared-memory.ts'
import { noSourceMapComment } from './rules/no-source-map-comment.ts'
import { noSpecies } from './rules/no-species.ts'
import { noUnawaitedToolCall } from './rules/no-unawaited-tool-call.ts'
import { noUnknownGlobal } from './rules/no-unknown-global.ts'
import { noUnknownTool } from './rules/no-unknown-tool.ts'
import { noWebAssembly } from './rules/no-web-assembly.ts'

/**
 * The rules that every parsed program is read by, in the order of the documentation. What a text must be
 * to be parsed at all is in `text-rules.ts`.
 */
export const ALL_RULES: readonly Rule[] = [
  noForbiddenImport,
  noDynamicImport,
  noEval,
  noUnknownGlobal,
  noWebAssembly,
  noSharedMemory,
  noConstructorAccess,
  noPrototypeAccess,
  noSpecies,
  noLegacy,
  noErrorHooks,
  noDebugger,
  noHtmlComment,
  noHashbang,
  noSourceMapComment,
  noEscapedDeniedName,
  noInvisibleCharacters,
  noInvalidRegex,
  noUnknownTool,
  noUnawaitedToolCall,
  noComputedName,
  noForeignProxy,
  noActiveResult,
]
