/** A name that occurs nowhere in a text: longer than any that starts like it. */
export function freshName(word: string, text: string): string {
  let longest = 0
  for (let at = text.indexOf(`${word}$`); at !== -1; at = text.indexOf(`${word}$`, at + 1)) {
    const start = at + word.length
    let end = start
    while (text.charAt(end) === '$') end += 1
    longest = Math.max(longest, end - start)
    at = end - 1
  }
  return `${word}${'$'.repeat(longest + 1)}`
}
