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

function parse(url: string, base?: string): object | null {
  const parsed = URL.parse(url, base)
  return parsed === null ? null : partsOf(parsed)
}

function set(href: string, component: string, value: string): object | null {
  const url = new URL(href)
  const name = SETTABLE.find((settable) => settable === component)
  if (name === undefined) return null
  if (name === 'href') return parse(value)
  url[name] = value
  return partsOf(url)
}

/** Query parameters as the realm keeps them: names and values in turn. */
function flatten(params: URLSearchParams): string[] {
  return [...params].flat()
}

function parameters(pairs: readonly string[]): URLSearchParams {
  const params = new URLSearchParams()
  for (let i = 0; i + 1 < pairs.length; i += 2) params.append(pairs[i] ?? '', pairs[i + 1] ?? '')
  return params
}

function sorted(params: URLSearchParams): URLSearchParams {
  params.sort()
  return params
}

/** Answers the realm's URL operations: JSON text in, JSON text out, nothing kept. */
export const urlBridge: Readonly<Record<string, (request: never) => unknown>> = {
  'url.parse': ([url, base]: [string, string?]) => parse(url, base),
  'url.set': ([href, component, value]: [string, string, string]) => set(href, component, value),
  'params.parse': ([text]: [string]) => flatten(new URLSearchParams(text)),
  'params.text': (pairs: string[]) => parameters(pairs).toString(),
  'params.sort': (pairs: string[]) => flatten(sorted(parameters(pairs))),
}
