import { ConfigurationError } from './errors.ts'

/**
 * Refuses options nobody would enforce: a misspelt option is a rule that silently does not apply.
 *
 * @param where - What takes the options, as its user calls it.
 * @throws {ConfigurationError} Names the option and those that are known.
 */
export function refuseUnknownOptions(
  where: string,
  options: object,
  known: readonly string[],
): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new ConfigurationError(
    `Unknown option "${unknown}" of ${where}; known are ${[...known].sort().join(', ')}`,
  )
}
