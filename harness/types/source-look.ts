// Looks at the text of a program around a diagnostic. Everything here may only take a finding back: text
// in a string or a comment is read as code, and then a mistake goes unreported rather than a right
// program accused. The text is hostile and this runs in the host, so every pattern sees a few characters.

/** Longest expression that is looked at. */
const MAX_EXPRESSION = 2_000
const MAX_NAMES = 40
const MAX_OCCURRENCES = 400
const WINDOW = 60

const OPEN = '([{'
const CLOSE = ')]}'
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/gu
const NAME_PART = /[\p{L}\p{N}_$]/u

/**
 * The expression that a diagnostic is about: the value behind a property's name, or what it marks.
 *
 * @param span - What the diagnostic marks, as offsets.
 */
export function expressionAt(
  source: string,
  span: { readonly start: number; readonly end: number },
): string {
  const marked = source.slice(span.start, Math.min(span.end, span.start + MAX_EXPRESSION))
  const colon = /^\s*:\s*/.exec(source.slice(span.end, span.end + WINDOW))
  const isKey = /^(?:[\p{L}_$][\p{L}\p{N}_$]*|"[^"]*"|'[^']*')$/u.test(marked)
  if (colon === null || !isKey) return marked
  const from = span.end + colon[0].length
  return source.slice(from, expressionEnd(source, from)).trim()
}

function expressionEnd(source: string, from: number): number {
  let depth = 0
  const limit = Math.min(source.length, from + MAX_EXPRESSION)
  for (let index = from; index < limit; index += 1) {
    const character = source.charAt(index)
    if (character === '"' || character === "'" || character === '`') {
      index = quoteEnd(source, index)
    } else if (OPEN.includes(character)) depth += 1
    else if (CLOSE.includes(character)) {
      if (depth === 0) return index
      depth -= 1
    } else if (depth === 0 && (character === ',' || character === ';')) return index
  }
  return limit
}

function quoteEnd(source: string, start: number): number {
  const quote = source.charAt(start)
  for (let index = start + 1; index < source.length; index += 1) {
    if (source.charAt(index) === '\\') index += 1
    else if (source.charAt(index) === quote) return index
  }
  return source.length
}

/** Whether an expression is an object written out in full, so that nothing can have been added to it. */
export function isWholeObject(expression: string): boolean {
  return expression.startsWith('{') && expression.endsWith('}') && !expression.includes('...')
}

/**
 * Whether anything that an expression mentions is given a value more than once: then its type may be that
 * of a placeholder. `let id = ''` is followed by an `id` from somewhere else.
 */
export function mentionsChanging(source: string, expression: string): boolean {
  const names = new Set(expression.match(NAME) ?? [])
  return names.size > MAX_NAMES || [...names].some((name) => isChanged(source, name))
}

/** Whether a variable or property of this name is assigned to, other than where it is declared. */
export function isChanged(source: string, name: string): boolean {
  return someOccurrence(source, name, ({ before, after }) => {
    const isAssigned = /^\s*(?:[-+*/%&|^?]{0,3}=(?![=>])|\+\+|--)/.test(after)
    return isAssigned && !/(?:const|let|var)\s+$/.test(before)
  })
}

/**
 * Whether a program asks if a property is there before it uses it, or puts it there: `a.b ?? c`,
 * `if (a.b)`, `a.b?.c`, `'b' in a`, `const { b = 1 } = a`, `a.b = c`, `Object.assign(a, { b })`. That works
 * whether it was there or not.
 */
export function isProbed(source: string, property: string): boolean {
  const isFilled = /\bObject\s*\.\s*(?:assign|definePropert)/.test(source)
  return someOccurrence(source, property, ({ before, after }) => {
    if (/^["'`]\s*(?:in\b|\))/.test(after)) return true
    if (/^["'`]\s*\]\s*=(?![=>])/.test(after)) return true
    if (isFilled && /^["'`]?\s*[:,}]/.test(after) && !before.trimEnd().endsWith('.')) return true
    if (/^(?:\s*:\s*[\p{L}\p{N}_$]+)?\s*=(?![=>])/u.test(after)) return true
    if (!/(?:\.\s*|\[\s*["'`])$/.test(before)) return false
    const isAskedBehind =
      /^["'`\]\s]*(?:\?|\|\||&&|[!=]==?|instanceof\b|\)\s*(?:\{|\?|&&|\|\||throw\b|return\b|continue\b|break\b))/
    const isAskedBefore =
      /(?:!|\btypeof\s+|&&\s*|\|\|\s*|\?\?\s*|isArray\(\s*)[\p{L}\p{N}_$.?!]*[.["'`]+$/u
    return isAskedBehind.test(after) || isAskedBefore.test(before)
  })
}

/** The variable that a chain of properties starts at, when the name at `start` ends one. */
export function receiverOf(source: string, start: number): string | null {
  const chain = /[\p{L}\p{N}_$.?!]+$/u.exec(source.slice(Math.max(0, start - WINDOW), start))?.[0]
  if (chain === undefined || !chain.endsWith('.')) return null
  return /^[!]*([\p{L}_$][\p{L}\p{N}_$]*)/u.exec(chain)?.[1] ?? null
}

interface Surroundings {
  readonly before: string
  readonly after: string
}

/** Asks about each place where a name stands as a whole word; one with too many counts as a yes. */
function someOccurrence(
  source: string,
  name: string,
  ask: (around: Surroundings) => boolean,
): boolean {
  let count = 0
  for (let at = source.indexOf(name); at !== -1; at = source.indexOf(name, at + name.length)) {
    const end = at + name.length
    if (NAME_PART.test(source.charAt(at - 1)) || NAME_PART.test(source.charAt(end))) continue
    count += 1
    if (count > MAX_OCCURRENCES) return true
    const before = source.slice(Math.max(0, at - WINDOW), at)
    if (ask({ before, after: source.slice(end, end + WINDOW) })) return true
  }
  return false
}
