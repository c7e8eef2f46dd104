import { foldAscii } from './sql-access.ts'

interface SqliteToken {
  /** `word` is unquoted, `name` quoted in any way that SQLite takes for a name, single quotes included. */
  readonly kind: 'word' | 'name' | 'placeholder' | 'sign'
  /** Folded, without quotes; a placeholder as it is. */
  readonly value: string
}

/** What the text of a statement says that SQLite's authorizer is not told. */
export interface SqliteNames {
  /** Everything that could be a name, folded. */
  readonly all: ReadonlySet<string>
  /** Names that the statement gives to queries of its own. */
  readonly defined: ReadonlySet<string>
  readonly hasNaturalJoin: boolean
  /** Columns named in `USING (…)`. */
  readonly using: ReadonlySet<string>
  /** The column list behind `INTO table`; `null` when there is none. */
  readonly inserted: readonly string[] | null
  /** Placeholders as they are written: `?`, `?1`, `:name`, `@name`, `$name`. */
  readonly placeholders: ReadonlySet<string>
}

// A byte order mark is blank where a token may begin, and part of a word behind its first letter.
const BLANK = /[ \t\n\f\r\ufeff]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y
const PLACEHOLDER = /[:@$#?][A-Za-z0-9_$\u0080-\uffff]*/y
const WORD = /[A-Za-z0-9_$\u0080-\uffff]+/y

function tokensOf(text: string): readonly SqliteToken[] {
  const tokens: SqliteToken[] = []
  let index = 0
  while (index < text.length) {
    const blank = match(BLANK, text, index)
    if (blank !== null) {
      index += blank.length
      continue
    }
    const quoted = match(QUOTED, text, index)
    const placeholder = match(PLACEHOLDER, text, index)
    const word = quoted === null ? match(WORD, text, index) : null
    if (quoted !== null) tokens.push({ kind: 'name', value: foldAscii(unquoted(quoted)) })
    else if (placeholder !== null) tokens.push({ kind: 'placeholder', value: placeholder })
    else if (word !== null) tokens.push({ kind: 'word', value: foldAscii(word) })
    else tokens.push({ kind: 'sign', value: text[index] ?? '' })
    index += (quoted ?? placeholder ?? word ?? ' ').length
  }
  return tokens
}

function match(pattern: RegExp, text: string, index: number): string | null {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0] ?? null
}

function unquoted(text: string): string {
  const quote = text.at(-1) ?? ''
  const inner = text.slice(1, -1)
  return quote === ']' ? inner : inner.replaceAll(quote + quote, quote)
}

/**
 * Reads the names of a statement that SQLite has compiled already, so that the text is known to be whole.
 * The authorizer is not asked about columns of `USING`, `NATURAL` and `INSERT`, and takes a query of the
 * statement's own for a view of the same name.
 */
export function readSqliteNames(text: string): SqliteNames {
  const tokens = tokensOf(text)
  const using = new Set<string>()
  const defined = new Set<string>()
  let inserted: readonly string[] | null = null
  for (const [index, token] of tokens.entries()) {
    const list = namesInBrackets(tokens, index + 1)
    if (isWord(token, 'using') && list !== null) for (const name of list.names) using.add(name)
    if (isDefinition(tokens, index)) defined.add(token.value)
    if (isWord(token, 'into')) inserted ??= columnsBehind(tokens, index + 1)
  }
  return {
    all: new Set(tokens.flatMap((token) => (isName(token) ? [token.value] : []))),
    defined,
    hasNaturalJoin: tokens.some((token) => isWord(token, 'natural')),
    using,
    inserted,
    placeholders: new Set(
      tokens.flatMap(({ kind, value }) => (kind === 'placeholder' ? [value] : [])),
    ),
  }
}

function isName(token: SqliteToken | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'name'
}

function isWord(token: SqliteToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.value === word
}

/** Whether a name is followed by `[(columns)] AS [NOT] [MATERIALIZED] (`. */
function isDefinition(tokens: readonly SqliteToken[], index: number): boolean {
  if (!isName(tokens[index])) return false
  let next = namesInBrackets(tokens, index + 1)?.end ?? index + 1
  if (!isWord(tokens[next], 'as')) return false
  next++
  if (isWord(tokens[next], 'not')) next++
  if (isWord(tokens[next], 'materialized')) next++
  return tokens[next]?.value === '(' && tokens[next]?.kind === 'sign'
}

/** The column list of `INTO [schema.]table [AS alias] (…)`. */
function columnsBehind(tokens: readonly SqliteToken[], start: number): readonly string[] | null {
  let index = start + 1
  if (tokens[index]?.value === '.') index += 2
  if (isWord(tokens[index], 'as')) index += 2
  return namesInBrackets(tokens, index)?.names ?? null
}

/** Names in brackets that open at `start`; `null` when none do. */
function namesInBrackets(
  tokens: readonly SqliteToken[],
  start: number,
): { readonly names: readonly string[]; readonly end: number } | null {
  if (tokens[start]?.kind !== 'sign' || tokens[start].value !== '(') return null
  const names: string[] = []
  let end = start + 1
  for (; end < tokens.length; end++) {
    const token = tokens[end]
    if (token?.kind === 'sign' && token.value === ')') break
    if (token !== undefined && isName(token)) names.push(token.value)
  }
  return { names, end: end + 1 }
}
