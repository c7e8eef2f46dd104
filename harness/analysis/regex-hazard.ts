/**
 * Whether a pattern repeats, without a bound, a group that itself repeats something without a bound, as in
 * `(a+)*`: the shape behind most expressions that backtrack exponentially. A heuristic for a warning.
 *
 * @param pattern - The text between the slashes.
 */
export function canBacktrackWithoutBound(pattern: string): boolean {
  // One entry per open group: whether something in it repeats without a bound.
  const open: boolean[] = [false]
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index)
    if (character === '\\') index += 1
    else if (character === '[') index = endOfClass(pattern, index)
    else if (character === '(') open.push(false)
    else if (character === ')') {
      const repeatsInside = open.pop() ?? false
      const isRepeated = isUnbounded(pattern, index + 1)
      if (repeatsInside && isRepeated) return true
      if (repeatsInside || isRepeated) open[open.length - 1] = true
    } else if (isUnbounded(pattern, index) && index > 0) open[open.length - 1] = true
  }
  return false
}

/** `*`, `+`, or `{2,}` at the given place. */
function isUnbounded(pattern: string, index: number): boolean {
  const character = pattern.charAt(index)
  return (
    character === '*' || character === '+' || /^\{\d+,\}/.test(pattern.slice(index, index + 12))
  )
}

function endOfClass(pattern: string, start: number): number {
  for (let index = start + 1; index < pattern.length; index += 1) {
    const character = pattern.charAt(index)
    if (character === '\\') index += 1
    else if (character === ']') return index
  }
  return pattern.length
}
