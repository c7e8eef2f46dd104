/** One turn of a session, as the model is told of it. */
export interface SessionTurn {
  /** `user` for what the caller asked, `assistant` for what was answered. */
  readonly role: 'user' | 'assistant'
  /** The intent as written, or the answer as JSON text. */
  readonly content: string
}
