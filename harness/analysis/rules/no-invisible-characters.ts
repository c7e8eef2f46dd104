import type { Finding } from '../../verdict.ts'
import type { ProgramView } from '../program-view.ts'
import { findingAt, type Rule } from '../rule.ts'

const id = 'no-invisible-characters'

/** Controls of text direction: they show a reader another program than the one that runs. */
const DIRECTION = /[\u202A-\u202E\u2066-\u2069]/g
/** Characters without width. Emoji are joined with one of them, so texts and comments may have them. */
const WITHOUT_WIDTH = /[\u00AD\u180E\u200B-\u200F\u2060-\u2064\uFEFF\uFFF9-\uFFFB]/g

/**
 * Line ends that nobody sees: they end a comment, and engines differ in whether what follows begins a new
 * line, so one text could be two programs. Strings and templates may have them.
 */
const LINE_ENDS = /[\u2028\u2029]/g

/** Characters that an approver cannot see. */
export const noInvisibleCharacters: Rule = {
  id,
  check: (program) => [
    ...[...program.source.matchAll(DIRECTION)].map(({ index, 0: character }) => ({
      ...message(character),
      ...positionIn(program.source, index),
    })),
    ...hiddenInCode(program),
    ...lineEndsInCode(program),
  ],
}

function lineEndsInCode(program: ProgramView): Finding[] {
  const matches = [...program.code.matchAll(LINE_ENDS)]
  if (matches.length === 0) return []
  const texts = program.paths('StringLiteral', 'TemplateElement').map(({ node }) => node)
  return matches.flatMap(({ index, 0: character }) => {
    const isText = texts.some(({ start, end }) => (start ?? 0) <= index && index < (end ?? 0))
    return isText ? [] : [findingAt(program, id, { start: index }, message(character))]
  })
}

function hiddenInCode(program: ProgramView): Finding[] {
  const matches = [...program.code.matchAll(WITHOUT_WIDTH)]
  if (matches.length === 0) return []
  const texts = [
    ...program.comments,
    ...program.paths('StringLiteral', 'TemplateElement', 'RegExpLiteral').map(({ node }) => node),
  ]
  return matches.flatMap(({ index, 0: character }) => {
    const isText = texts.some(({ start, end }) => (start ?? 0) <= index && index < (end ?? 0))
    // A byte order mark in front of a file is a habit of editors.
    const isMark = character === '\uFEFF' && program.source.startsWith(character) && index < 40
    if (isText || isMark) return []
    const { message: text, hint } = message(character)
    return [findingAt(program, id, { start: index }, { message: text, hint })]
  })
}

function message(character: string) {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return {
    ruleId: id,
    source: 'analysis',
    severity: 'violation' as const,
    message: `The invisible character U+${code} is not allowed`,
    hint: `Remove it, or write \\u${code} inside a string`,
  }
}

function positionIn(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
