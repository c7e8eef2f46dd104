import type { Action, JsonValue } from '../../harness/index.ts'

/** The domain of an intent the model could not place: treat it as if it fell in every domain. */
export const UNKNOWN_DOMAIN = '*'

/** A request in plain language, with what is known of it once it was parsed. */
export interface Intent {
  /** As the caller wrote it. */
  readonly raw: string
  /** What the program sees as `data`. */
  readonly params: JsonValue
  /**
   * What the intent says it would do. Never trusted alone: the effective action is the strictest of
   * this, of what the program shows and of how it came in.
   */
  readonly action: Action
  /**
   * One of the endpoint's domains, or {@link UNKNOWN_DOMAIN} when the answer was not understood.
   * Absent when the intent falls in none of them, or nobody asked.
   */
  readonly domain?: string
}
