import type { Rule } from './rule.ts'
import { noConstructorAccess } from './rules/no-constructor-access.ts'
import { noDebugger } from './rules/no-debugger.ts'
import { noDynamicImport } from './rules/no-dynamic-import.ts'
import { noErrorHooks } from './rules/no-error-hooks.ts'
import { noEscapedDeniedName } from './rules/no-escaped-denied-name.ts'
import { noEval } from './rules/no-eval.ts'
import { noForbiddenImport } from './rules/no-forbidden-import.ts'
import { noHashbang } from './rules/no-hashbang.ts'
import { noHtmlComment } from './rules/no-html-comment.ts'
import { noInvisibleCharacters } from './rules/no-invisible-characters.ts'
import { noLegacy } from './rules/no-legacy.ts'
import { noPrototypeAccess } from './rules/no-prototype-access.ts'
import { noUnawaitedToolCall } from './rules/no-unawaited-tool-call.ts'
import { noUnknownGlobal } from './rules/no-unknown-global.ts'
import { noUnknownTool } from './rules/no-unknown-tool.ts'

/** The rules that every program is read by. `with` is none: strict code cannot be parsed with it. */
export const ALL_RULES: readonly Rule[] = [
  noForbiddenImport,
  noDynamicImport,
  noEval,
  noUnknownGlobal,
  noConstructorAccess,
  noPrototypeAccess,
  noLegacy,
  noErrorHooks,
  noDebugger,
  noHtmlComment,
  noHashbang,
  noEscapedDeniedName,
  noInvisibleCharacters,
  noUnknownTool,
  noUnawaitedToolCall,
]
