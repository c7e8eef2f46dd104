import type { Logger } from '../harness/index.ts'
import type { AgenticAppOptions } from './agentic-app-options.ts'
import { openStore, type Store } from './store/open-store.ts'

/** Opens the store as an app's options say. */
export function openAppStore(options: AgenticAppOptions, logger: Logger): Promise<Store> {
  const { store, maxTraces, notifiers = [], audit, secrets } = options
  return openStore(store, {
    ...(maxTraces === undefined ? {} : { maxTraces }),
    notifiers: notifiers.map(({ name }) => name),
    ...(audit === undefined ? {} : { audit }),
    ...(secrets === undefined ? {} : { secrets }),
    logger,
  })
}
