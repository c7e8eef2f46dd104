import type { PoolClient } from 'pg'
import type { AccessList, KnownTable } from './sql-access.ts'

/** What a role may do beyond the tables. */
export interface RoleFacts {
  readonly name: string
  /** Attributes and memberships that reach past tables: files, other roles, row security. */
  readonly powers: readonly string[]
}

/** Who statements run as, and who has logged in. */
export interface SessionRoles {
  readonly current: RoleFacts
  readonly session: RoleFacts
  /** Whether a statement can get from the first to the second: by `set_config`, in the same statement. */
  readonly canLeave: boolean
}

const POWERS = `
  SELECT r.rolname::text AS name,
    array_remove(ARRAY[
      CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
      CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
      CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN r.rolreplication THEN 'REPLICATION' END,
      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END
    ], NULL) || ARRAY(
      SELECT p.rolname::text FROM pg_catalog.pg_roles p
      WHERE NOT r.rolsuper AND p.rolname IN (
        'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
        'pg_execute_server_program', 'pg_signal_backend'
      ) AND pg_catalog.pg_has_role(r.oid, p.oid, 'MEMBER')
    ) AS powers,
    r.rolname = current_user AS is_current, r.rolname = session_user AS is_session,
    pg_catalog.has_function_privilege(
      current_user, 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE'
    ) AS can_set
  FROM pg_catalog.pg_roles r WHERE r.rolname IN (current_user, session_user)`

/** Reads who a session is and may become. */
export async function readRoles(client: PoolClient): Promise<SessionRoles> {
  const { rows } = await client.query(POWERS)
  const current = rows.find(({ is_current }) => is_current)
  const session = rows.find(({ is_session }) => is_session)
  return { current, session, canLeave: current.name !== session.name && current.can_set }
}

const COLUMNS = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
    u AND has_column_privilege($1, c.oid, a.attnum, 'SELECT') AS reads,
    u AND has_column_privilege($1, c.oid, a.attnum, 'INSERT, UPDATE') AS writes,
    u AND has_table_privilege($1, c.oid, 'DELETE, TRUNCATE') AS empties
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
  LATERAL (SELECT has_schema_privilege($1, n.oid, 'USAGE') AS u) AS usage
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

interface ColumnRight {
  readonly schema: string
  readonly name: string
  readonly column: string
  readonly reads: boolean
  readonly writes: boolean
  /** Whether rows can be removed, whatever their columns. */
  readonly empties: boolean
}

/** What a role reaches, held against an access. */
export interface Reach {
  /** `schema.table.column` of everything out of access that the role can read or write all the same. */
  readonly excess: readonly string[]
  readonly tables: readonly KnownTable[]
}

/** Asks the database for the rights of a role on every column outside the catalogues. */
export async function readReach(
  client: PoolClient,
  role: string,
  bounds: { readonly access: AccessList; readonly writes: boolean },
): Promise<Reach> {
  const { rows } = await client.query<ColumnRight>(COLUMNS, [role])
  const tables = Map.groupBy(rows, ({ schema, name }) => JSON.stringify([schema, name]))
  return {
    excess: rows
      .filter((right) => exceeds(right, bounds))
      .map(({ schema, name, column }) => `${schema}.${name}.${column}`),
    tables: [...tables.values()].flatMap((columns) => {
      const [first] = columns
      if (first === undefined) return []
      return [{ schema: first.schema, name: first.name, columns: columns.map((c) => c.column) }]
    }),
  }
}

function exceeds(
  { schema, name, column, reads, writes, empties }: ColumnRight,
  bounds: { readonly access: AccessList; readonly writes: boolean },
): boolean {
  const isRestricted = bounds.access.isRestricted(schema, name, column)
  const readsTooMuch = reads && (isRestricted || !bounds.access.mayRead(schema, name))
  const mayWrite = bounds.access.mayWrite(schema, name)
  const writesTooMuch = (writes && isRestricted) || ((writes || empties) && !mayWrite)
  return readsTooMuch || (bounds.writes && writesTooMuch)
}
