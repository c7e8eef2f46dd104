import { Client } from 'pg'

const DEFAULT_POSTGRESQL = 'postgresql://postgres@127.0.0.1:5432/test'

/** A service that tests need, or why they have to do without. */
export type TestService =
  | { readonly isThere: true; readonly url: string; readonly title: string }
  | { readonly isThere: false; readonly title: string }

/**
 * Looks for the PostgreSQL server that tests may create schemas and roles in: the one that
 * `AIRLOCK_TEST_POSTGRESQL` names, else the usual one of this host.
 *
 * @returns What to put into `describe.skipIf` and its title, so that a report says what was skipped.
 * @throws {Error} When there is none and `AIRLOCK_REQUIRE_SERVICES` is `1`.
 */
export async function findPostgresql(): Promise<TestService> {
  const url = process.env['AIRLOCK_TEST_POSTGRESQL'] ?? DEFAULT_POSTGRESQL
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return { isThere: true, url, title: 'PostgreSQL' }
  } catch (cause) {
    if (process.env['AIRLOCK_REQUIRE_SERVICES'] === '1') {
      throw new Error('AIRLOCK_REQUIRE_SERVICES=1, and no PostgreSQL answers', { cause })
    }
    return {
      isThere: false,
      title: 'PostgreSQL (skipped: none answers; AIRLOCK_TEST_POSTGRESQL names another)',
    }
  } finally {
    await client.end().catch(() => {})
  }
}
