import type { SourcePosition } from '../../program.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule, RulePlace } from '../rule.ts'

/** Controls of text direction: they show a reader another program than the one that runs. */
const DIRECTION = /[\u202A-\u202E\u2066-\u2069]/g

/**
 * Characters that take no space or look like one, some of which may be part of a name: soft hyphens, joiners,
 * marks, Hangul fillers, variation selectors and tags. Emoji are made with some of them, so texts and
 * comments may have them.
 */
const UNSEEN =
  /\u034F|[\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u2060-\u2064\u206A-\u206F]|\u17B4|\u17B5|\u180B|\u180C|\u180D|\u180F|[\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]|\uFE00|\uFE01|\uFE02|\uFE03|\uFE04|\uFE05|\uFE06|\uFE07|\uFE08|\uFE09|\uFE0A|\uFE0B|\uFE0C|\uFE0D|\uFE0E|\uFE0F|\uDB40[\uDC00-\uDDEF]/g

/**
 * Line ends that nobody sees: they end a comment, and engines differ in whether what follows begins a new
 * line, so one text could be two programs. Strings and templates may have them.
 */
const LINE_ENDS = /[\u2028\u2029]/g

/** Characters that an approver cannot see. */
export const noInvisibleCharacters: Rule = {
  id: 'no-invisible-characters',
  severity: 'violation',
  reports:
    'controls of text direction anywhere, characters without width and unusual line ends outside of strings and comments',
  because:
    'They show a reader another program than the one that runs. A name can consist of nothing but an invisible character.',
  message: 'The invisible character {name} is not allowed',
  hint: 'Remove it, or write it as an escape inside a string',
  examples: {
    reported: "const role = 'user\u202E \u2066// not admin\u2069 \u2066'\nreturn role",
    allowed: "return ['\u{1F469}\u200D\u{1F33E}', 'naïve'].join(' ')",
    repaired: "const role = 'user'\nreturn role",
  },
  *find(program) {
    yield* directions(program.source)
    // Most programs have neither, and are not looked at more closely.
    if (program.code.search(UNSEEN) !== -1) yield* outside(UNSEEN, program, { inComments: true })
    if (program.code.search(LINE_ENDS) !== -1) {
      yield* outside(LINE_ENDS, program, { inComments: false })
    }
  },
}

function* directions(source: string): Iterable<RulePlace> {
  let line = 1
  let lineStart = 0
  let from = 0
  for (const { index, 0: character } of source.matchAll(DIRECTION)) {
    for (let end = source.indexOf('\n', from); end !== -1 && end < index; ) {
      line += 1
      lineStart = end + 1
      from = lineStart
      end = source.indexOf('\n', from)
    }
    yield place({ line, column: index - lineStart + 1 }, character)
  }
}

/** Characters of a kind outside of texts. Both are in the order of the program, so one walk is enough. */
function* outside(
  kind: RegExp,
  program: ProgramView,
  { inComments }: { readonly inComments: boolean },
): Iterable<RulePlace> {
  const texts: { readonly start?: number | null; readonly end?: number | null }[] = [
    ...(inComments ? program.comments : []),
    ...program.paths('StringLiteral', 'TemplateElement').map(({ node }) => node),
    ...(inComments ? program.paths('RegExpLiteral').map(({ node }) => node) : []),
  ]
  texts.sort((a, b) => (a.start ?? 0) - (b.start ?? 0))
  let next = 0
  for (const { index, 0: character } of program.code.matchAll(kind)) {
    while (next < texts.length && (texts[next]?.end ?? 0) <= index) next += 1
    const isText = (texts[next]?.start ?? Number.POSITIVE_INFINITY) <= index
    // A byte order mark in front of a file is a habit of editors.
    const isMark = character === '\uFEFF' && program.source.startsWith(character) && index < 40
    if (!isText && !isMark) yield place({ start: index }, character)
  }
}

function place(at: SourcePosition | { readonly start: number }, character: string): RulePlace {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const spelled = code.length > 4 ? `\\u{${code}}` : `\\u${code}`
  return {
    at,
    message: `The invisible character U+${code} is not allowed`,
    hint: `Remove it, or write ${spelled} inside a string`,
  }
}
