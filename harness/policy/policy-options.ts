import { ConfigurationError } from '../errors.ts'

/**
 * Refuses options that a policy does not know and numbers that are no limit. A misspelled limit must not
 * silently become no limit.
 *
 * @throws {ConfigurationError} Naming the policy and the option.
 */
export function checkPolicyOptions(
  policy: string,
  options: object,
  known: { readonly counts: readonly string[]; readonly others?: readonly string[] },
): void {
  const names = [...known.counts, ...(known.others ?? [])]
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      throw new ConfigurationError(
        `${policy} does not know the option "${name}"; it takes ${names.join(', ')}`,
      )
    }
    if (known.counts.includes(name) && !(Number.isSafeInteger(value) && Number(value) > 0)) {
      throw new ConfigurationError(`${policy} option "${name}" must be a positive whole number`)
    }
  }
}
