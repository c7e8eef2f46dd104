import { parseArgs } from 'node:util'
import { openStore } from '../store/open-store.ts'
import { storeOf, UsageError } from './audit-store.ts'

/** Erases the key of a person. */
export async function auditErase(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      user: { type: 'string' },
      tenant: { type: 'string' },
      yes: { type: 'boolean', default: false },
    },
  })
  const { user, tenant, yes } = values
  if (user === undefined || user === '') throw new UsageError('Name the person with --user')
  const location = storeOf(positionals)
  if (!yes) {
    console.log('This would make what is stored of that person unreadable, for ever.')
    console.log('Backups of the store keep their keys: they have to be forgotten as well.')
    console.log('Say --yes to do it.')
    return 1
  }
  const store = await openStore(location)
  try {
    const person = { userId: user, ...(tenant === undefined ? {} : { tenantId: tenant }) }
    const isErased = await store.auditLog.erase(person)
    console.log(isErased ? 'Erased.' : 'Nothing is stored of that person.')
    return 0
  } finally {
    await store.close()
  }
}
