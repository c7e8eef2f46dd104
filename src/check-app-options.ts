import { ConfigurationError, refuseUnknownOptions } from '../harness/index.ts'
import type { AgenticAppOptions } from './agentic-app.ts'
import { checkAuditOptions } from './audit/check-audit-options.ts'
import { checkScopeOptions } from './check-options.ts'
import type { Notifier } from './notifiers/notifier.ts'
import { parseStoreLocation } from './store/store-location.ts'

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
  'audit',
  'secrets',
  'notifiers',
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
  checkAuditOptions(options)
  checkNotifiers(options)
  refuseUnsafe(options)
}

function refuseIncomplete(options: Partial<AgenticAppOptions>): void {
  const { title, store, model } = options
  if (typeof title !== 'string' || title === '') {
    throw new ConfigurationError('AgenticApp needs `title`, a text that is not empty')
  }
  if (store === undefined) {
    throw new ConfigurationError(
      "AgenticApp needs `store`: the path of a file, ':memory:' or a postgresql:// URL",
    )
  }
  parseStoreLocation(store)
  if (model !== undefined && typeof model?.generate !== 'function') {
    throw new ConfigurationError(
      'Option "model" takes a language model, for example of `aiSdkModel(…)`',
    )
  }
  checkScopeOptions('AgenticApp', options)
}

function checkNotifiers({ notifiers }: { readonly notifiers?: unknown }): void {
  if (notifiers === undefined) return
  const isNotifier = (one: Partial<Notifier> | null) =>
    typeof one?.name === 'string' && one.name !== '' && typeof one.notify === 'function'
  if (!Array.isArray(notifiers) || !notifiers.every(isNotifier)) {
    throw new ConfigurationError(
      'Option "notifiers" takes a list, for example [logNotifier(), webhookNotifier({ url, secret })]',
    )
  }
  const names = notifiers.map(({ name }: Notifier) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new ConfigurationError(`There are two notifiers "${twice}"; give one another \`name\``)
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
