/** The right name that a wrong one was probably meant to be, as the end of a message. */
export function nearestName(name: string, known: Iterable<string>): string {
  const [best] = [...known].sort((a, b) => distance(name, a) - distance(name, b))
  return best === undefined ? 'there is none to choose from' : `did you mean "${best}"`
}

/** How many letters differ. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, left] of [...a.toLowerCase()].entries()) {
    const next = [i + 1]
    for (const [j, right] of [...b.toLowerCase()].entries()) {
      const replace = (row[j] ?? 0) + (left === right ? 0 : 1)
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
