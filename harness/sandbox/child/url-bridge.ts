/** The components of a URL that a program may set. */
const SETTABLE = [
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const

function partsOf(url: URL): object {
  const parts: Record<string, string> = { origin: url.origin }
  for (const name of SETTABLE) parts[name] = url[name]
  return parts
}

function parse(url: string, base: string | null): object | null {
  const parsed = URL.parse(url, base ?? undefined)
  return parsed === null ? null : partsOf(parsed)
}

function set(href: string, component: string, value: string): object | null {
  const url = new URL(href)
  const name = SETTABLE.find((settable) => settable === component)
  if (name === undefined) return null
  if (name === 'href') return parse(value, null)
  url[name] = value
  return partsOf(url)
}

/** Answers the realm's URL operations: JSON text in, JSON text out, nothing kept. */
export const urlBridge: Readonly<Record<string, (request: never) => unknown>> = {
  'url.parse': ([url, base]: [string, string | null]) => parse(url, base),
  'url.set': ([href, component, value]: [string, string, string]) => set(href, component, value),
  'params.parse': ([text]: [string]) => [...new URLSearchParams(text)],
  'params.text': ([pairs]: [[string, string][]]) => new URLSearchParams(pairs).toString(),
}
