/** How deep JSON that crosses the channel may nest. */
export const MAX_JSON_DEPTH = 300

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether JSON text opens more than `depth` brackets at once; meant to be asked before parsing it. */
export function isNestedDeeper(text: Buffer, depth: number): boolean {
  let open = 0
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]
    if (byte === QUOTE) {
      i = endOfString(text, i)
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++open > depth) return true
    } else if (byte === 0x5d || byte === 0x7d) open--
  }
  return false
}

/** The index of the quote that ends the string starting at `start`, or the end of the text. */
function endOfString(text: Buffer, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf(QUOTE, from)
    if (quote < 0) return text.length
    let slashes = 0
    while (text[quote - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote
    from = quote + 1
  }
}
