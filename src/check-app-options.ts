import { ConfigurationError, refuseUnknownOptions } from '../harness/index.ts'
import type { AgenticAppOptions } from './agentic-app.ts'
import { checkScopeOptions } from './check-options.ts'

const APP_KEYS = [
  'title',
  'model',
  'auth',
  'authorization',
  'store',
  'policies',
  'approval',
  'validators',
  'limits',
  'typeCheck',
  'repairRounds',
  'sandbox',
  'maxTraces',
  'maxBodyBytes',
  'maxIntentLength',
  'logger',
  'clock',
  'unsafe',
]
/**
 * Checks the options of an app: an option that is unknown, missing or of the wrong kind would be one that
 * nobody enforces.
 *
 * @throws {ConfigurationError} Names the option and what it takes.
 */
export function checkAppOptions(options: AgenticAppOptions): void {
  refuseUnknownOptions('AgenticApp', options, APP_KEYS)
  refuseIncomplete(options)
  refuseNoBounds(options)
  refuseUnsafe(options)
}

function refuseIncomplete(options: Partial<AgenticAppOptions>): void {
  const { title, store, model } = options
  for (const [name, value] of Object.entries({ title, store })) {
    if (typeof value === 'string' && value !== '') continue
    throw new ConfigurationError(`AgenticApp needs \`${name}\`, a text that is not empty`)
  }
  if (model !== undefined && typeof model?.generate !== 'function') {
    throw new ConfigurationError(
      'Option "model" takes a language model, for example of `aiSdkModel(…)`',
    )
  }
  checkScopeOptions('AgenticApp', options)
}

function refuseNoBounds(options: AgenticAppOptions): void {
  for (const name of ['maxTraces', 'maxBodyBytes', 'maxIntentLength'] as const) {
    const value = options[name]
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw new ConfigurationError(`Option "${name}" must be a positive whole number`)
  }
}

function refuseUnsafe(options: AgenticAppOptions): void {
  if (options.unsafe === undefined) return
  refuseUnknownOptions('unsafe', options.unsafe, ['skipAnalysis', 'skipPolicies'])
  if (process.env['AIRLOCK_UNSAFE'] === '1') return
  throw new ConfigurationError(
    '`unsafe` switches layers off and needs AIRLOCK_UNSAFE=1 in the environment; it is for tests only',
  )
}
