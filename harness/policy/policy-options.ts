import { ConfigurationError } from '../errors.ts'
import type { PolicyMode } from './policy.ts'

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

/**
 * Reads the option `mode`.
 *
 * @throws {ConfigurationError} It is neither `'enforce'` nor `'observe'`.
 */
export function readPolicyMode(policy: string, mode: unknown): PolicyMode {
  if (mode === undefined || mode === 'enforce') return 'enforce'
  if (mode === 'observe') return 'observe'
  throw new ConfigurationError(`${policy} option "mode" must be "enforce" or "observe"`)
}

/**
 * Reads an option that is a list of names.
 *
 * @throws {ConfigurationError} It is not a list of texts.
 */
export function readNames(policy: string, option: string, names: unknown): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== '')) {
    return [...names]
  }
  throw new ConfigurationError(`${policy} option "${option}" must be a list of names`)
}

/**
 * Reads an option that is yes or no.
 *
 * @throws {ConfigurationError} It is neither.
 */
export function readSwitch(policy: string, option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new ConfigurationError(`${policy} option "${option}" must be true or false`)
}
