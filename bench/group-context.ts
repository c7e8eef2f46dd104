import type { Row } from './rows.ts'

/** The most memory the whole tree of processes had while something happened. */
export interface TreePeak {
  readonly rssBytes: number
  /** Pages that several processes share count once. */
  readonly pssBytes: number
}

/** What a group of measurements is given. */
export interface GroupContext {
  /** Everything runs, briefly; no figure means anything. */
  readonly isQuick: boolean
  /** Has the tree of processes watched from outside while something happens. */
  watchTree<T>(action: () => Promise<T>): Promise<TreePeak & { readonly value: T }>
}

/** One group of measurements, in a process of its own. */
export type MeasureGroup = (context: GroupContext) => Promise<readonly Row[]>

/** What a group's process says. */
export type GroupMessage =
  | { readonly kind: 'watch' }
  | { readonly kind: 'unwatch' }
  | { readonly kind: 'done'; readonly rows: readonly Row[] }
  | { readonly kind: 'failed'; readonly error: string }
