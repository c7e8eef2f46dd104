import type { Diagnostic } from './diagnostic.ts'
import type { ReadingContext } from './explain-argument.ts'
import { isChanged, isProbed, receiverOf } from './source-look.ts'
import type { DeclaredType } from './tool-types.ts'
import type { Explanation } from './type-finding.ts'
import {
  type DeclaredObject,
  declaredTypesIn,
  describeProperties,
  isPromise,
  shown,
} from './type-text.ts'

const NO_PROPERTY = /^Property '(.+)' does not exist on type '(.+?)'\.(?: Did you mean '(.+)'\?)?$/s
const NO_ITERATOR = /^Type '(.+)' must have a '\[Symbol\.iterator\]\(\)' method/s
const OPERATORS = new Set([2362, 2363, 2365])
const AWAIT_REMARK = 2773

/** A property, or a list, that a value does not have. */
interface Misuse {
  /** The property that is read; absent where the value is gone through. */
  readonly property?: string
  readonly type: string
  readonly meant?: string
}

/** What a diagnostic says about the answer of a tool; `null` if it says nothing that is sure. */
export function explainAnswer(diagnostic: Diagnostic, context: ReadingContext): Explanation | null {
  const misuse = misuseOf(diagnostic)
  if (misuse === null) return operatorOnPromise(diagnostic, context)
  const { property, type } = misuse
  const receiver = receiverOf(context.text, diagnostic.start)
  if (receiver !== null && isChanged(context.text, receiver)) return null
  // Giving a property is no reading of it, and asking for it first works whether it is there or not.
  if (property !== undefined && isProbed(context.text, property)) return null
  if (isPromise(type)) return missingAwait(misuse)
  const element = type.replace(/(?:\[\])+$/, '')
  const isList = element !== type
  const declared = declaredTypesIn(element, context.types)
  if (declared === null) return null
  if (declared.some(({ kind }) => kind === 'tools')) return unknownTool(misuse, context)
  const objects = declared.filter(isAnswer)
  const [first] = objects
  if (first === undefined || objects.length !== declared.length) return null
  if (isList) return listMisused(first, misuse)
  // One member of a union has it: the program will have found out which one it got.
  if (property !== undefined && objects.some((object) => hasProperty(object, property))) return null
  return objectMisused(first, misuse, context)
}

function misuseOf({ code, text }: Diagnostic): Misuse | null {
  if (code === 2339 || code === 2551) {
    const [, property, type, meant] = NO_PROPERTY.exec(text) ?? []
    if (property === undefined || type === undefined) return null
    return { property, type, ...(meant === undefined ? {} : { meant }) }
  }
  const [, type] = code === 2488 ? (NO_ITERATOR.exec(text) ?? []) : []
  return type === undefined ? null : { type }
}

function missingAwait({ property }: Misuse): Explanation {
  const use =
    property === undefined
      ? 'A promise is used as a list'
      : `"${shown(property)}" is read off a promise`
  return {
    ruleId: 'types/missing-await',
    message: `${use}: the call that gives it is not awaited`,
    hint:
      property === undefined
        ? 'Write `await` in front of the call that gives the list'
        : `Write \`await\` in front of the call, or (await …).${shown(property)}`,
  }
}

/** `count() + 1`, where TypeScript itself asks for an `await`. */
function operatorOnPromise(
  { code, remarks, start, end }: Diagnostic,
  { text }: ReadingContext,
): Explanation | null {
  if (!OPERATORS.has(code) || remarks.every((remark) => remark.code !== AWAIT_REMARK)) return null
  const names = text.slice(start, Math.min(end, start + 200)).match(/[\p{L}_$][\p{L}\p{N}_$]*/gu)
  if (names?.some((name) => isChanged(text, name))) return null
  return {
    ruleId: 'types/missing-await',
    message: 'A promise is used as a number or text: the call that gives it is not awaited',
    hint: 'Write `await` in front of the call that gives it',
  }
}

function unknownTool({ property = '', meant }: Misuse, { types }: ReadingContext): Explanation {
  const guess = meant === undefined ? '' : `; did you mean "${shown(meant)}"?`
  return {
    ruleId: 'types/unknown-tool',
    message: `There is no tool "${shown(property)}"${guess}`,
    hint: `Available tools: ${types.toolNames.slice(0, 20).join(', ') || 'none'}`,
  }
}

function listMisused(element: DeclaredObject, { property, meant }: Misuse): Explanation | null {
  if (property === undefined) return null
  const guess = meant === undefined ? '' : `; did you mean "${shown(meant)}"?`
  const path = element.path.replace(/\[\]$/, '')
  return {
    ruleId: 'types/tool-answer',
    message: `${nameOf({ ...element, path })} is an array and has no "${shown(property)}"${guess}`,
    hint: 'Go through it with for…of, map, filter or find',
  }
}

function objectMisused(
  object: DeclaredObject,
  { property, meant }: Misuse,
  { types }: ReadingContext,
): Explanation {
  const guess = meant === undefined ? '' : `; did you mean "${shown(meant)}"?`
  const hint = `It has: ${describeProperties(object, types)}`
  const name = nameOf(object)
  const ruleId = 'types/tool-answer'
  if (property === undefined) return { ruleId, message: `${name} is an object and no list`, hint }
  return { ruleId, message: `${name} has no property "${shown(property)}"${guess}`, hint }
}

function nameOf({ kind, tool, path }: DeclaredObject): string {
  if (kind === 'data') return path === '' ? '`data`' : `"${shown(path)}" of \`data\``
  const whole = `the answer of tool "${tool}"`
  return path === '' ? `T${whole.slice(1)}` : `"${shown(path)}" in ${whole}`
}

function isAnswer(declared: DeclaredType): declared is DeclaredObject {
  return declared.kind === 'answer' || declared.kind === 'data'
}

function hasProperty(object: DeclaredObject, name: string): boolean {
  return object.properties.some((property) => property.name === name)
}
