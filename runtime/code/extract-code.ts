import type { ProgramLanguage } from '../../harness/index.ts'

/** What was found in a model's reply. */
export type ExtractedCode =
  | { readonly kind: 'program'; readonly source: string; readonly language: ProgramLanguage }
  /** Prose, or code in another language only. */
  | { readonly kind: 'no-code' }
  /** Nothing at all, or a code block with nothing in it. */
  | { readonly kind: 'empty' }
  /** Prose that declines the task. */
  | { readonly kind: 'refusal' }

interface Block {
  readonly indent: number
  readonly fence: string
  readonly tag: string
  readonly lines: string[]
}

const JS_TAGS: ReadonlySet<string> = new Set(['js', 'jsx', 'javascript', 'mjs', 'node'])
const TS_TAGS: ReadonlySet<string> = new Set(['ts', 'tsx', 'typescript', 'mts'])

/**
 * Finds the program in a reply: the longest block fenced and tagged as JavaScript or TypeScript, else
 * the longest untagged block, else the whole reply if it looks like a program. A fence may be
 * indented, may be of backticks or tildes, and may be left open at the end. Takes linear time.
 *
 * `language` is `js` for a block tagged so; everything else is taken for TypeScript, because lowering
 * does no harm to JavaScript and untagged code often has types.
 */
export function extractCode(reply: string): ExtractedCode {
  const text = reply.replaceAll('\r\n', '\n')
  if (text.trim() === '') return { kind: 'empty' }
  const { blocks, proseBefore } = splitReply(text)
  const block = longest(blocks.filter(isTagged)) ?? longest(blocks.filter(({ tag }) => tag === ''))
  if (block !== undefined) {
    const source = block.lines.join('\n').trim()
    if (source === '') return { kind: 'empty' }
    return {
      kind: 'program',
      source: `${source}\n`,
      language: JS_TAGS.has(block.tag) ? 'js' : 'ts',
    }
  }
  // A fence in a bare program can only stand inside a template literal, so what comes before it decides.
  if (looksLikeProgram(proseBefore)) {
    return { kind: 'program', source: `${text.trim()}\n`, language: 'ts' }
  }
  return { kind: looksLikeRefusal(text) ? 'refusal' : 'no-code' }
}

function splitReply(text: string): { blocks: Block[]; proseBefore: string[] } {
  const blocks: Block[] = []
  const proseBefore: string[] = []
  let open: Block | null = null
  for (const line of text.split('\n')) {
    if (open === null) {
      open = openingFence(line)
      if (open !== null) blocks.push(open)
      else if (blocks.length === 0) proseBefore.push(line)
    } else if (isClosingFence(line, open.fence)) {
      open = null
    } else {
      // A block in a list item is indented as a whole; take off no more than spaces.
      const indented = line.slice(0, open.indent).trim() === ''
      open.lines.push(indented ? line.slice(open.indent) : line)
    }
  }
  return { blocks, proseBefore }
}

// Written by hand instead of as one expression: `\s*[\w]*[^`]*$` is quadratic on a line of spaces.
function openingFence(line: string): Block | null {
  const rest = line.trimStart()
  const length = runLength(rest)
  if (length < 3 || rest.includes('`', rest.startsWith('`') ? length : 0)) return null
  const tag = /^[\w+-]*/.exec(rest.slice(length).trimStart())?.[0] ?? ''
  return {
    indent: line.length - rest.length,
    fence: rest.slice(0, length),
    tag: tag.toLowerCase(),
    lines: [],
  }
}

function isClosingFence(line: string, fence: string): boolean {
  const rest = line.trim()
  return rest[0] === fence[0] && rest.length >= fence.length && runLength(rest) === rest.length
}

/** How many equal backticks or tildes a text starts with. */
function runLength(text: string): number {
  const char = text[0]
  if (char !== '`' && char !== '~') return 0
  let length = 1
  while (text[length] === char) length++
  return length
}

function isTagged({ tag }: Block): boolean {
  return JS_TAGS.has(tag) || TS_TAGS.has(tag)
}

function longest(blocks: readonly Block[]): Block | undefined {
  let best: { readonly block: Block; readonly size: number } | undefined
  for (const block of blocks) {
    const size = block.lines.reduce((sum, line) => sum + line.length + 1, 0)
    if (best === undefined || size > best.size) best = { block, size }
  }
  return best?.block
}

// The beginnings of a statement, each with as much as it takes to not be a line of prose.
const STATEMENT = new RegExp(
  `^\\s{0,200}(?:${[
    String.raw`(?:const|let|var)\s+(?:[{[]|[\w$]{1,200}\s?[:=;,])`,
    String.raw`return(?:;|$|\s[^.]{0,500}[\w)\]}"'\x60;,([{]$)`,
    String.raw`(?:await|throw|yield)\s\S{1,300}\(`,
    String.raw`(?:export\s)?(?:default\s)?(?:async\s)?function\b[^.]{0,200}\(`,
    String.raw`(?:import|export)\s.{0,300}["'{(]`,
    String.raw`(?:for|if|while|switch)\s?(?:await\s?)?\(`,
    String.raw`(?:class|interface|enum)\s[\w$]{1,200}.{0,200}\{`,
    String.raw`type\s[\w$]{1,200}\s?[=<]`,
    String.raw`(?:try|do)\s?\{`,
    String.raw`[\w$.]{1,200}\s?(?:=[^=]|\(.{0,300}\);?$)`,
    String.raw`\(async\b`,
  ].join('|')})`,
)

/** Whether one of the lines is a statement. A wrong yes ends as a syntax error the model can mend. */
function looksLikeProgram(lines: readonly string[]): boolean {
  return lines.some((line) => STATEMENT.test(line.slice(0, 600)))
}

const REFUSAL =
  /^\W{0,20}(?:(?:i['’]?m |i am )?(?:so |very |truly )?(?:sorry|afraid)|unfortunately|i (?:can['’]?t|cannot|can not|won['’]?t|will not|must decline|have to decline|decline|refuse)|i(?:['’]m| am) (?:unable|not able|not allowed|not permitted|not going)|as an ai)\b/i

function looksLikeRefusal(text: string): boolean {
  return REFUSAL.test(text.trimStart().slice(0, 200))
}
