import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { lexSql, type Token } from './sql-lexer.ts'
import { SqlRefusal } from './sql-verdict.ts'

const MAX_CHARACTERS = 65_536
const MAX_DEPTH = 64

const QUERY_WORDS = words('select with values insert update delete')
const FURTHER_QUERY_WORDS: Readonly<Record<SqlDialect, ReadonlySet<string>>> = {
  postgresql: words('table merge'),
  mysql: words('table replace'),
  sqlite: words('replace'),
}
const DEFINITION_WORDS = words('create alter drop truncate')
const RIGHTS_WORDS = words('grant revoke rename comment')
const FILE_WORDS = words('copy load attach detach import')
const SESSION_WORDS = words('set reset')
const OTHER_COMMANDS = words(
  'explain describe desc show use do call prepare execute deallocate declare fetch move close open handler ' +
    'begin start commit end rollback abort savepoint release lock unlock listen notify unlisten ' +
    'vacuum analyze analyse optimize check checksum repair cluster reindex refresh checkpoint discard ' +
    'pragma kill flush purge shutdown restart install uninstall binlog change stop xa signal resignal ' +
    'get help cache security reassign raise',
)

/** What the gate learnt about a text that it let pass. */
export interface GatedSql {
  readonly tokens: readonly Token[]
  readonly kind: 'query' | 'definition'
}

/**
 * The first of the readings: length, nesting, balance, number of statements, comments that carry code,
 * and the kind of the statement, all by our own lexer and in linear time. Nothing hostile in size or
 * depth reaches a parser.
 *
 * @throws {SqlRefusal} With the reason, when the text must not go further.
 */
export function passGate(sql: string, dialect: SqlDialect, denyDdl: boolean): GatedSql {
  if (sql.length > MAX_CHARACTERS) {
    throw new SqlRefusal('too-complex', `SQL may have at most ${MAX_CHARACTERS} characters`)
  }
  // SQLite's tokenizer ends at NUL wherever it stands, so that what follows would be judged but not run.
  if (sql.includes('\0') || !sql.isWellFormed()) {
    throw new SqlRefusal('unparseable', 'SQL must be well-formed text without NUL')
  }
  const { tokens, hasExecutableComment } = lexSql(sql, dialect)
  checkNesting(tokens)
  // The body of a trigger has semicolons of its own.
  const isTrigger =
    wordOf(tokens[0]) === 'create' &&
    tokens.slice(1, 5).some((token) => wordOf(token) === 'trigger')
  const statement = isTrigger ? tokens : onlyStatement(tokens)
  if (dialect === 'mysql' && hasExecutableComment) {
    throw new SqlRefusal('executable-comment', 'Comments that MySQL executes are not allowed')
  }
  const kind = statementKind(statement, dialect, denyDdl)
  if (dialect === 'mysql') refuseSessionAndFiles(statement)
  return { tokens: statement, kind }
}

/** The word of a token in lower case; empty for anything that is not a plain word. */
export function wordOf(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toLowerCase() : ''
}

/** A set out of words separated by spaces. */
export function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}

/**
 * Refuses brackets that are not balanced or nest too deep.
 *
 * @throws {SqlRefusal} `too-complex` or `unparseable`.
 */
export function checkNesting(tokens: readonly Token[]): void {
  const open: string[] = []
  let cases = 0
  let isBalanced = true
  for (const token of tokens) {
    if (token.kind === 'word') {
      if (wordOf(token) === 'case') cases += 1
      if (wordOf(token) === 'end' && cases > 0) cases -= 1
    } else if (token.kind === 'symbol') {
      if (token.text === '(' || token.text === '[') open.push(token.text === '(' ? ')' : ']')
      else if (token.text === ')' || token.text === ']') isBalanced &&= open.pop() === token.text
    }
    if (open.length + cases > MAX_DEPTH) {
      throw new SqlRefusal('too-complex', `SQL may nest at most ${MAX_DEPTH} levels deep`)
    }
  }
  if (!isBalanced || open.length > 0) {
    throw new SqlRefusal('unparseable', 'Brackets are not balanced')
  }
}

function onlyStatement(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex(isSemicolon)
  const statement = end < 0 ? tokens : tokens.slice(0, end)
  const rest = end < 0 ? [] : tokens.slice(end)
  if (rest.some((token) => !isSemicolon(token))) {
    throw new SqlRefusal('multi-statement', 'Only one statement at a time is allowed')
  }
  if (statement.length === 0) throw new SqlRefusal('unparseable', 'There is no statement')
  return statement
}

function isSemicolon(token: Token): boolean {
  return token.kind === 'symbol' && token.text === ';'
}

function statementKind(
  tokens: readonly Token[],
  dialect: SqlDialect,
  denyDdl: boolean,
): GatedSql['kind'] {
  const first = wordOf(tokens.find((token) => token.text !== '('))
  if (QUERY_WORDS.has(first) || FURTHER_QUERY_WORDS[dialect].has(first)) return 'query'
  if (FILE_WORDS.has(first))
    throw new SqlRefusal('file-access', 'Files and processes are off limits')
  if (first === 'vacuum' && tokens.some((token) => wordOf(token) === 'into')) {
    throw new SqlRefusal('file-access', 'VACUUM INTO writes a file')
  }
  if (DEFINITION_WORDS.has(first) || RIGHTS_WORDS.has(first)) {
    if (denyDdl) {
      throw new SqlRefusal('ddl', `${first.toUpperCase()} is DDL, and DDL is not allowed`)
    }
    if (DEFINITION_WORDS.has(first) && !tokens.some(isSemicolon)) return 'definition'
    throw new SqlRefusal('statement-not-allowed', `${first.toUpperCase()} is not allowed`)
  }
  if (SESSION_WORDS.has(first)) {
    throw new SqlRefusal('session-state', `${first.toUpperCase()} changes the session`)
  }
  if (OTHER_COMMANDS.has(first)) {
    throw new SqlRefusal('statement-not-allowed', `${first.toUpperCase()} is not allowed`)
  }
  throw new SqlRefusal('unparseable', 'This does not begin like an SQL statement')
}

function refuseSessionAndFiles(tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'symbol' && (token.text === '@' || token.text === ':=')) {
      throw new SqlRefusal('session-state', 'User and system variables are not allowed')
    }
    const next = wordOf(tokens[index + 1])
    if (wordOf(token) === 'into' && (next === 'outfile' || next === 'dumpfile')) {
      throw new SqlRefusal('file-access', 'Writing a file is not allowed')
    }
  }
}
