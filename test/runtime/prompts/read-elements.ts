/** An element of a prompt: its name, its own text, and the elements in it. */
export interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

const TOKEN = /<\/([a-z]+)>|<([a-z]+)>|&(lt|gt|amp);|[^<>&]/gu
const CHARS: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&' }

/**
 * Reads a text with elements in the strictest way: tags without attributes that nest properly, three
 * references, and otherwise no `<`, `>` or `&` at all. Throws for anything else.
 */
export function readElements(text: string): Element {
  const root = { name: '', text: '', children: [] as Element[] }
  const open = [root]
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    if (match.index !== end) throw new Error(`Unexpected character at ${end}`)
    end += match[0].length
    const [char, closed, opened, reference] = match
    const top = open.at(-1) ?? root
    if (opened !== undefined) {
      const element = { name: opened, text: '', children: [] }
      top.children.push(element)
      open.push(element)
    } else if (closed !== undefined) {
      if (open.length === 1 || top.name !== closed) throw new Error(`Unexpected </${closed}>`)
      open.pop()
    } else {
      top.text += reference === undefined ? char : CHARS[reference]
    }
  }
  if (end !== text.length || open.length !== 1) throw new Error('The text ends inside an element')
  return root
}

/** The names of all elements, nested as they are. */
export function shapeOf(element: Element): unknown {
  return [element.name, element.children.map(shapeOf)]
}

/** The texts of all elements that hold no others, in order. */
export function leafTexts(element: Element): string[] {
  if (element.children.length === 0) return [element.text]
  return element.children.flatMap(leafTexts)
}
