import type { PoolClient } from 'pg'
import { PortalQuery } from './postgresql-portal.ts'
import { readReach, readRoles } from './postgresql-rights.ts'
import { type SessionOptions, searchPath } from './postgresql-session.ts'
import type { AccessList } from './sql-access.ts'
import type { DatabaseWall } from './sql-source.ts'

/** Runs something within a transaction like those of statements, and undoes it. */
export type InSession = <T>(work: (client: PoolClient) => Promise<T>) => Promise<T>

const MAX_NAMED = 5

/** Tries each wall on a connection of the pool, and leaves nothing behind. */
export async function tryPostgresqlWalls(
  inSession: InSession,
  options: SessionOptions,
  access: AccessList | null,
): Promise<readonly DatabaseWall[]> {
  return [
    ...(options.mode === 'read' ? [await tryToWrite(inSession)] : []),
    await readTimeout(inSession, options),
    await tryToSteer(inSession, options),
    await readPrivileges(inSession),
    await readAccess(inSession, options, access),
  ]
}

async function tryToWrite(inSession: InSession): Promise<DatabaseWall> {
  const writing = await refusalOf(inSession, 'CREATE TABLE airlock_wall (a integer)')
  const lifting = await refusalOf(inSession, 'SET TRANSACTION READ WRITE')
  const isUp = writing === '25006' && lifting === '25001'
  return {
    name: 'read-only',
    isUp,
    found: isUp
      ? 'A write and making the transaction writable were refused'
      : `Answered ${writing ?? 'yes'} to a write and ${lifting ?? 'yes'} to making it possible`,
    remedy: isUp ? null : 'Connect to the server without a proxy that rewrites transactions',
  }
}

async function readTimeout(inSession: InSession, options: SessionOptions): Promise<DatabaseWall> {
  const set = await settingOf(inSession, 'statement_timeout')
  const isUp = set === String(options.timeoutMs)
  return {
    name: 'statement-timeout',
    isUp,
    found: `The server ends a statement after ${set} ms`,
    remedy: isUp ? null : 'Connect without a proxy that drops settings',
  }
}

async function tryToSteer(inSession: InSession, options: SessionOptions): Promise<DatabaseWall> {
  const path = await settingOf(inSession, 'search_path')
  const second = await refusalOf(inSession, 'SELECT 1; SELECT 2')
  // The server writes names with as few quotation marks as it can.
  const isPinned = unquoted(path) === unquoted(searchPath(options.defaultSchema))
  const isUp = isPinned && second === '42601'
  return {
    name: 'session',
    isUp,
    found: `Names are looked up in ${path}; a second statement was ${second === null ? 'run' : 'refused'}`,
    remedy: isUp ? null : 'Connect without a proxy that drops settings',
  }
}

async function readPrivileges(inSession: InSession): Promise<DatabaseWall> {
  const { current, session, canLeave } = await inSession(readRoles)
  const powers = canLeave ? [...current.powers, ...session.powers] : current.powers
  const isUp = powers.length === 0
  const who =
    current.name === session.name
      ? `role ${current.name}`
      : `role ${current.name}, which a statement can${canLeave ? '' : 'not'} leave for ${session.name}`
  return {
    name: 'least-privilege',
    isUp,
    found: `Statements run as ${who}; rights beyond tables: ${[...new Set(powers)].join(', ') || 'none'}`,
    remedy: isUp ? null : 'Log in as a role without attributes that owns nothing',
  }
}

async function readAccess(
  inSession: InSession,
  options: SessionOptions,
  access: AccessList | null,
): Promise<DatabaseWall> {
  const name = 'tables-and-columns'
  if (access === null) {
    const remedy =
      'Give the tool the lists of its DataPolicy as access, to hold rights against them'
    return { name, isUp: false, found: 'There is nothing to hold the rights against', remedy }
  }
  const bounds = { access, writes: options.mode === 'read-write' }
  const { reach, unknown } = await inSession(async (client) => {
    const { current, session, canLeave } = await readRoles(client)
    const own = await readReach(client, current.name, bounds)
    const other = canLeave ? await readReach(client, session.name, bounds) : own
    return {
      reach: [...new Set([...own.excess, ...other.excess])],
      unknown: access.unknownEntries(own.tables),
    }
  })
  const isUp = reach.length === 0 && unknown.length === 0
  return {
    name,
    isUp,
    found:
      reach.length === 0
        ? 'No column out of reach can be read or written'
        : `Out of reach and granted all the same: ${shortList(reach)}`,
    remedy: isUp
      ? null
      : [
          ...(reach.length === 0 ? [] : ['Log in as a role that is granted these columns only']),
          ...(unknown.length === 0 ? [] : [`Correct access; there is no ${shortList(unknown)}`]),
        ].join('; '),
  }
}

async function settingOf(inSession: InSession, name: string): Promise<string> {
  const sql = 'SELECT setting FROM pg_catalog.pg_settings WHERE name = $1'
  const { rows } = await inSession((client) => client.query(sql, [name]))
  return String(rows[0]?.setting)
}

/** The code with which the server refuses a statement; `null` when it runs it. */
async function refusalOf(inSession: InSession, text: string): Promise<string | null> {
  return inSession(async (client) => {
    const portal = new PortalQuery({ text, params: [], maxRows: 1, maxBytes: 1_000 })
    client.query(portal)
    return portal.answer.then(
      () => null,
      (error: unknown) => String(Object(error).code),
    )
  })
}

function unquoted(names: string): string {
  return names.replaceAll('"', '')
}

function shortList(names: readonly string[]): string {
  const more = names.length - MAX_NAMED
  return `${names.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
