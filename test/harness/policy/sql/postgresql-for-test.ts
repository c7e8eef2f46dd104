import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** A database of its own on a running PostgreSQL server, and roles that go away with it. */
export interface TestDatabase {
  readonly client: Client
  /** Creates a role without any right; tells its name. */
  createRole(): Promise<string>
  /** Ends the connection and removes database and roles. */
  close(): Promise<void>
}

const SERVER = process.env['AIRLOCK_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** Whether there is a server to test with: `AIRLOCK_TEST_POSTGRES`, or the one on this machine. */
export async function hasPostgresql(): Promise<boolean> {
  const client = new Client({ connectionString: SERVER, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Opens an empty database for one test file. */
export async function openPostgresql(): Promise<TestDatabase> {
  const name = `airlock_sql_${randomBytes(6).toString('hex')}`
  const admin = new Client({ connectionString: SERVER })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  // Compiling a plan takes longer than any statement of a test runs.
  await client.query('SET jit = off')
  const roles: string[] = []
  return {
    client,
    async createRole() {
      const role = `${name}_r${roles.length}`
      await admin.query(`CREATE ROLE ${role} NOLOGIN`)
      roles.push(role)
      return role
    },
    async close() {
      await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      for (const role of roles) await admin.query(`DROP ROLE ${role}`)
      await admin.end()
    },
  }
}
