import { type SqlBool, sql } from 'kysely'
import type { TraceFilter, TraceOwner } from '../../harness/index.ts'
import type { Database } from '../store/database.ts'
import { ownerKeyOf } from '../store/subject-keys.ts'

/** A trace that was found. */
export interface FoundTrace {
  readonly position: number
  readonly runId: string
  readonly payload: string
}

/** One page of what was found, newest first. */
export interface FoundPage {
  readonly found: readonly FoundTrace[]
  /** The page after it begins below this position; `null` when there is none. */
  readonly before: number | null
}

/** What to look for, and who decides what may be seen. */
export interface TraceQuestion {
  readonly filter: TraceFilter
  readonly before: number | null
  readonly limit: number
  /** Asked once per owner. Default: everything may be seen. */
  readonly mayRead?: (owner: TraceOwner) => Promise<boolean>
}

/** Positions that are looked through at first. */
const FIRST_SPAN = 16_384

/** And however long it takes: on a busy host, too, a page gets somewhere. */
const LEAST_SPAN = 4_096

/** How much further each look goes than the one before, when it finds little. */
const MAX_GROWTH = 8

/** When this is over, what was found is given out, and the next page goes on from there. */
const PATIENCE_MS = 25

/** Owners that a statement leaves out by name. */
const MAX_NAMED = 200

interface Row {
  readonly position: number
  readonly run_id: string
  readonly owner_json: string
  readonly payload: string | null
}

/**
 * Looks for traces, newest first, in stretches that grow as long as they find little. However rare a
 * combination is, an answer comes in time: a page may be short, or empty, and say where the next goes on.
 */
export async function findTraces(database: Database, question: TraceQuestion): Promise<FoundPage> {
  const range = await rangeOf(database, question)
  if (range === null) return { found: [], before: null }
  const began = performance.now()
  const owners = new Owners(question)
  const found: FoundTrace[] = []
  let { below } = range
  let span = FIRST_SPAN
  while (below > range.lowest) {
    const started = performance.now()
    const lowest = Math.max(range.lowest, below - span)
    const wanted = question.limit - found.length
    const rows = await look(database, question.filter, { lowest, below, wanted, owners })
    for (const row of rows) {
      if (!(await owners.mayRead(row.owner_json))) continue
      const { position, run_id: runId, payload } = row
      if (payload !== null) found.push({ position, runId, payload })
    }
    below = rows.length < wanted ? lowest : (rows.at(-1)?.position ?? lowest)
    if (found.length >= question.limit) break
    const now = performance.now()
    const left = PATIENCE_MS - (now - began)
    if (left <= 0 && range.below - below >= LEAST_SPAN) break
    const growth = Math.min(MAX_GROWTH, left / Math.max(0.1, now - started))
    span = Math.max(LEAST_SPAN, Math.ceil(span * growth))
  }
  return { found, before: below > range.lowest ? below : null }
}

/** Of whom there are traces. Looks through all that match. */
export async function findOwners(
  database: Database,
  filter: TraceFilter,
): Promise<readonly TraceOwner[]> {
  const range = await rangeOf(database, { filter, before: null })
  if (range === null) return []
  const rows = await matching(database, filter, range)
    .select('trace.owner_json')
    .distinct()
    .execute()
  return rows.map(({ owner_json }): TraceOwner => JSON.parse(owner_json))
}

/** Which owners' traces may be seen, as far as it has been asked. */
class Owners {
  readonly #question: TraceQuestion
  readonly #listed: ReadonlySet<string> | null
  readonly #known = new Map<string, boolean>()

  constructor(question: TraceQuestion) {
    this.#question = question
    const { owners } = question.filter
    this.#listed = owners === undefined ? null : new Set(owners.map(ownerKeyOf))
  }

  /** The only ones to look for; `null` when there are others, or too many to name. */
  get only(): readonly string[] | null {
    return this.#listed !== null && this.#listed.size <= MAX_NAMED ? [...this.#listed] : null
  }

  /** Some that need not be looked for. */
  get refused(): readonly string[] {
    const refused = [...this.#known].filter(([, mayRead]) => !mayRead)
    return refused.slice(0, MAX_NAMED).map(([owner]) => owner)
  }

  async mayRead(ownerKey: string): Promise<boolean> {
    const known = this.#known.get(ownerKey)
    if (known !== undefined) return known
    const isListed = this.#listed?.has(ownerKey) ?? true
    const mayRead =
      isListed && ((await this.#question.mayRead?.(JSON.parse(ownerKey))) ?? true) === true
    this.#known.set(ownerKey, mayRead)
    return mayRead
  }
}

interface Range {
  readonly lowest: number
  readonly below: number
}

async function rangeOf(
  { queries }: Database,
  { filter, before }: Pick<TraceQuestion, 'filter' | 'before'>,
): Promise<Range | null> {
  const ends = await queries
    .selectFrom('airlock_traces')
    .select(({ fn }) => [fn.min('position').as('first'), fn.max('position').as('last')])
    .executeTakeFirst()
  const { first, last } = ends ?? { first: null, last: null }
  if (first === null || last === null) return null
  // Times never decrease along positions, so a time is a place.
  const placeOf = async (time: number | undefined): Promise<number | null> => {
    if (time === undefined) return null
    const row = await queries
      .selectFrom('airlock_traces')
      .select('position')
      .where('at', '>=', time)
      .orderBy('at')
      .orderBy('position')
      .limit(1)
      .executeTakeFirst()
    return row?.position ?? last + 1
  }
  const lowest = (await placeOf(filter.from)) ?? first
  const below = Math.min(before ?? last + 1, (await placeOf(filter.to)) ?? last + 1)
  return { lowest, below }
}

async function look(
  database: Database,
  filter: TraceFilter,
  { wanted, owners, ...range }: Range & { readonly wanted: number; readonly owners: Owners },
): Promise<readonly Row[]> {
  const { only, refused } = owners
  return matching(database, filter, range)
    .innerJoin('airlock_audit_records as record', 'record.position', 'trace.record_position')
    .select(['trace.position', 'trace.run_id', 'trace.owner_json', 'record.payload'])
    .$if(only !== null, (query) => query.where('trace.owner_json', 'in', only ?? []))
    .$if(refused.length > 0, (query) => query.where('trace.owner_json', 'not in', refused))
    .orderBy(sql.ref(placeIn(filter)), 'desc')
    .limit(wanted)
    .execute()
}

/**
 * By which column a search goes down. Traces with a name are read off the index of names: SQLite does not
 * see that the position of a trace is the same there.
 */
function placeIn({ tool, table }: TraceFilter): string {
  return tool === undefined && table === undefined ? 'trace.position' : 'named.position'
}

function matching({ queries }: Database, filter: TraceFilter, { lowest, below }: Range) {
  const { runId, endpoint, userId, status, verdict, tool, table } = filter
  const traces = queries.selectFrom('airlock_traces as trace')
  const name = tool === undefined ? `table:${table}` : `tool:${tool}`
  const named = traces.innerJoin('airlock_trace_names as named', (join) =>
    join.onRef('named.position', '=', 'trace.position').on('named.name', '=', name),
  )
  const place = placeIn(filter)
  // Nothing below asks for more than the trace, which both have.
  const source = place === 'trace.position' ? traces : (named as unknown as typeof traces)
  return source
    .where(sql<SqlBool>`${sql.ref(place)} >= ${lowest} and ${sql.ref(place)} < ${below}`)
    .$if(runId !== undefined, (query) => query.where('trace.run_id', '=', runId ?? ''))
    .$if(endpoint !== undefined, (query) => query.where('trace.endpoint', '=', endpoint ?? ''))
    .$if(userId !== undefined, (query) => query.where('trace.user_id', '=', userId ?? ''))
    .$if(status !== undefined, (query) => query.where('trace.status', '=', status ?? ''))
    .$if(verdict !== undefined, (query) => query.where('trace.verdict', '=', verdict ?? ''))
    .$if(tool !== undefined && table !== undefined, (query) =>
      query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('airlock_trace_names as other')
            .select('other.position')
            .whereRef('other.position', '=', 'trace.position')
            .where('other.name', '=', `table:${table}`),
        ),
      ),
    )
}
