// A character XML 1.0 cannot carry at all, not even as a reference, a lone surrogate included
// (https://www.w3.org/TR/xml/#charsets).
const NOT_XML =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to replace
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

const REFERENCES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Makes text safe to stand between two tags of a prompt: no input can open or close a tag.
 * Characters that XML 1.0 forbids become U+FFFD. Quotes stay as they are, because prompts have no
 * attributes and models read plain quotes better; never use it for an attribute.
 *
 * @example
 * ```ts
 * escapeXml('a < b </intent>') // 'a &lt; b &lt;/intent&gt;'
 * ```
 */
export function escapeXml(text: string): string {
  return text.replace(NOT_XML, '\uFFFD').replace(/[&<>]/g, (char) => REFERENCES[char] ?? '')
}

/** Untrusted text as the content of an element; `name` is always one of ours. */
export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

/** Elements inside an element, each on lines of its own. `children` are already elements. */
export function parentElement(name: string, children: readonly string[]): string {
  return [`<${name}>`, ...children, `</${name}>`].join('\n')
}
