import { ConfigurationError, refuseUnknownOptions } from '../../harness/index.ts'
import type { StoreSecrets } from '../store/store-secrets.ts'
import type { AuditOptions } from './open-audit.ts'
import { readSigningKey } from './signing-key.ts'

const BOUNDS = ['everyRecords', 'everyMs', 'maxAgeMs', 'maxBytes'] as const

/**
 * Checks how the audit of an app is to be kept.
 *
 * @throws {ConfigurationError} Names the option and what it takes.
 */
export function checkAuditOptions(options: {
  readonly audit?: AuditOptions
  readonly secrets?: Partial<StoreSecrets>
}): void {
  const { audit, secrets } = options
  if (audit !== undefined) {
    refuseUnknownOptions('audit', audit, [...BOUNDS, 'onCheckpoint'])
    for (const name of BOUNDS) {
      const value = audit[name]
      if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
      throw new ConfigurationError(`Option "audit.${name}" must be a positive whole number`)
    }
    if (audit.onCheckpoint !== undefined && typeof audit.onCheckpoint !== 'function') {
      throw new ConfigurationError('Option "audit.onCheckpoint" takes a function')
    }
  }
  if (secrets !== undefined) {
    refuseUnknownOptions('secrets', secrets, ['signingKey', 'masterKey'])
    if (secrets.signingKey !== undefined) readSigningKey(secrets.signingKey)
  }
}
