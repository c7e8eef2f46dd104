import { existsSync } from 'node:fs'
import { ConfigurationError } from '../../harness/index.ts'
import { parseStoreLocation } from '../store/store-location.ts'

/** A command line that cannot be followed. */
export class UsageError extends Error {}

/** The one store that a command names. A file that is not there is not made. */
export function storeOf(positionals: readonly string[]): string {
  const [location, ...others] = positionals
  if (location === undefined || others.length > 0) throw new UsageError('Name one store')
  const place = parseStoreLocation(location)
  if (place.engine === 'sqlite' && !existsSync(place.path)) {
    throw new ConfigurationError('There is no such store')
  }
  return location
}
