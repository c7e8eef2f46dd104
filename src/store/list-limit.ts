/** How many rows a list gives: 100 when nothing is said, never more than 1 000. */
export function limitOf(filter: { readonly limit?: number }): number {
  const { limit = 100 } = filter
  return Math.max(0, Math.min(Math.trunc(limit) || 0, 1_000))
}
