import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Compilable } from 'kysely'
import type { SessionTurn } from '../../runtime/index.ts'
import type { Database } from './database.ts'
import type { SubjectSeal } from './subject-keys.ts'

/** Whose session it is. The same user id in another tenant is somebody else. */
export interface SessionOwner {
  readonly userId: string
  readonly tenantId?: string
}

/** The turns of one caller, oldest first. */
export interface StoredSession {
  readonly sessionId: string
  readonly turns: readonly SessionTurn[]
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** Where sessions survive. Somebody else's session is the same as none. */
export interface SessionStore {
  get(sessionId: string, owner: SessionOwner): Promise<StoredSession | null>
  /**
   * Adds turns, all or none, to a session of this owner; `null` begins one. The oldest turns beyond the
   * bounds are forgotten.
   *
   * @returns The session's id, or `null` when the owner has no such session.
   */
  append(
    sessionId: string | null,
    owner: SessionOwner,
    ...turns: readonly SessionTurn[]
  ): Promise<string | null>
  /** Forgets a session of this owner; says whether there was one. */
  delete(sessionId: string, owner: SessionOwner): Promise<boolean>
}

/** How a {@link DatabaseSessionStore} is bounded. */
export interface DatabaseSessionStoreOptions {
  /** Most turns of a session. Default 50. */
  readonly maxTurns?: number
  /** Most bytes of all turns of a session; a longer turn is cut. Default 262 144 (256 KiB). */
  readonly maxBytes?: number
  /** Most sessions of one owner; the one unused for longest is forgotten first. Default 1 000. */
  readonly maxSessions?: number
}

/** Sessions in the database, every turn encrypted for whose it is. */
export class DatabaseSessionStore implements SessionStore {
  readonly #database: Database
  readonly #seal: SubjectSeal
  readonly #maxTurns: number
  readonly #maxBytes: number
  readonly #maxSessions: number

  constructor(database: Database, seal: SubjectSeal, options: DatabaseSessionStoreOptions = {}) {
    this.#database = database
    this.#seal = seal
    this.#maxTurns = options.maxTurns ?? 50
    this.#maxBytes = options.maxBytes ?? 262_144
    this.#maxSessions = options.maxSessions ?? 1_000
  }

  async get(sessionId: string, owner: SessionOwner): Promise<StoredSession | null> {
    // One statement, so that the turns are those of the owner who was checked.
    const rows = await this.#database.queries
      .selectFrom('airlock_sessions as session')
      .leftJoin('airlock_session_turns as turn', 'turn.session_id', 'session.session_id')
      .select(['session.created_at', 'session.updated_at', 'turn.role', 'turn.content'])
      .where('session.session_id', '=', sessionId)
      .where('session.user_id', '=', owner.userId)
      .where('session.tenant_id', 'is not distinct from', owner.tenantId ?? null)
      .orderBy('turn.position')
      .execute()
    const [first] = rows
    if (first === undefined) return null
    const turns: SessionTurn[] = []
    for (const { role, content } of rows) {
      const text = content === null ? null : await this.#seal.open(content, placeOf(sessionId))
      if (role !== null && text !== null) {
        turns.push({ role: role as SessionTurn['role'], content: text })
      }
    }
    return {
      sessionId,
      turns,
      createdAt: first.created_at,
      updatedAt: first.updated_at,
    }
  }

  async append(
    sessionId: string | null,
    owner: SessionOwner,
    ...turns: readonly SessionTurn[]
  ): Promise<string | null> {
    const id = sessionId ?? `ses_${randomBytes(16).toString('base64url')}`
    const begin = sessionId === null ? this.#begin(id, owner) : []
    const sealed = await Promise.all(
      turns.map(async ({ role, content }) => {
        const text = cut(content, this.#maxBytes)
        const bytes = Buffer.byteLength(text)
        return { role, content: await this.#seal.seal(owner, text, placeOf(id)), bytes }
      }),
    )
    const changes = await this.#database.together([
      ...begin,
      this.#touch(id, owner),
      ...sealed.map((turn) => this.#add(id, owner, turn)),
      this.#trim(id),
    ])
    return changes[begin.length] === 1 ? id : null
  }

  async delete(sessionId: string, owner: SessionOwner): Promise<boolean> {
    const [, changes] = await this.#database.together([
      this.#database.queries
        .deleteFrom('airlock_session_turns')
        .where('session_id', 'in', this.#own(owner).where('session_id', '=', sessionId)),
      this.#database.queries
        .deleteFrom('airlock_sessions')
        .where('session_id', 'in', this.#own(owner).where('session_id', '=', sessionId)),
    ])
    return changes === 1
  }

  #begin(sessionId: string, owner: SessionOwner): readonly Compilable[] {
    const { queries } = this.#database
    const now = Date.now()
    const unused = this.#own(owner)
      .orderBy('updated_at', 'desc')
      .limit(this.#maxSessions)
      .offset(this.#maxSessions - 1)
    return [
      queries.deleteFrom('airlock_session_turns').where('session_id', 'in', unused),
      queries.deleteFrom('airlock_sessions').where('session_id', 'in', unused),
      queries.insertInto('airlock_sessions').values({
        session_id: sessionId,
        tenant_id: owner.tenantId ?? null,
        user_id: owner.userId,
        created_at: now,
        updated_at: now,
      }),
    ]
  }

  #touch(sessionId: string, owner: SessionOwner): Compilable {
    return this.#database.queries
      .updateTable('airlock_sessions')
      .set({ updated_at: Date.now() })
      .where('session_id', 'in', this.#own(owner).where('session_id', '=', sessionId))
  }

  /** Inserts from the owner's session, so that nothing is added to another one. */
  #add(sessionId: string, owner: SessionOwner, turn: SealedTurn): Compilable {
    const { role, content, bytes } = turn
    return this.#database.queries
      .insertInto('airlock_session_turns')
      .columns(['session_id', 'tenant_id', 'role', 'content', 'bytes'])
      .expression(({ selectFrom, val }) =>
        selectFrom('airlock_sessions')
          .select([
            'session_id',
            'tenant_id',
            val<string>(role).as('role'),
            val(content).as('content'),
            val(bytes).as('bytes'),
          ])
          .where('session_id', 'in', this.#own(owner).where('session_id', '=', sessionId)),
      )
  }

  #trim(sessionId: string): Compilable {
    const sized = this.#database.queries
      .selectFrom('airlock_session_turns')
      .select(({ fn }) => [
        'position',
        fn
          .countAll<number>()
          .over((over) => over.orderBy('position', 'desc'))
          .as('turns'),
        fn
          .sum<number>('bytes')
          .over((over) => over.orderBy('position', 'desc'))
          .as('total'),
      ])
      .where('session_id', '=', sessionId)
    return this.#database.queries
      .deleteFrom('airlock_session_turns')
      .where('position', 'in', (eb) =>
        eb
          .selectFrom(sized.as('sized'))
          .select('position')
          .where((is) =>
            is.or([is('turns', '>', this.#maxTurns), is('total', '>', this.#maxBytes)]),
          ),
      )
  }

  #own(owner: SessionOwner) {
    return this.#database.queries
      .selectFrom('airlock_sessions')
      .select('session_id')
      .where('user_id', '=', owner.userId)
      .where('tenant_id', 'is not distinct from', owner.tenantId ?? null)
  }
}

interface SealedTurn extends SessionTurn {
  /** Of the text before it was encrypted. */
  readonly bytes: number
}

function placeOf(sessionId: string): string {
  return `turn ${sessionId}`
}

/** Cuts a text to so many bytes of UTF-8, between characters. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true })
}
