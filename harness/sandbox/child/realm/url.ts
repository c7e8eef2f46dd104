import type { HostCall, Intrinsics } from './intrinsics.ts'

/** Puts `URL` and `URLSearchParams` into the realm; the runner parses and prints, with Node's parser. */
export function installUrl(host: HostCall, intrinsics: Intrinsics): void {
  type Pair = [string, string]
  interface Parts {
    readonly href: string
    readonly [component: string]: string
  }
  const { expose, define, parseJson, text, toJson } = intrinsics
  const ask = (operation: string, ...args: unknown[]): unknown =>
    parseJson(host(operation, toJson(args) ?? '[]'))
  const components = [
    'protocol',
    'username',
    'password',
    'host',
    'hostname',
    'port',
    'pathname',
    'search',
    'hash',
  ]

  class URLSearchParams {
    #pairs: Pair[] = []
    #changed: (() => void) | null = null

    constructor(init?: unknown) {
      if (init === undefined || init === null) return
      if (typeof init !== 'object' && typeof init !== 'function') {
        this.#pairs = ask('params.parse', text(init)) as Pair[]
      } else if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
        for (const entry of init as Iterable<Iterable<unknown>>) {
          const pair = Array.from(entry, text)
          if (pair.length !== 2) throw new TypeError('Each query pair must have a name and a value')
          this.#pairs.push([pair[0] as string, pair[1] as string])
        }
      } else {
        for (const name of Object.keys(init)) {
          this.#pairs.push([name, text((init as Record<string, unknown>)[name])])
        }
      }
    }

    /** Makes the parameters of a URL: a change of either is seen in the other. */
    static bind(params: URLSearchParams, search: string, changed: () => void): void {
      params.#pairs = ask('params.parse', search) as Pair[]
      params.#changed = changed
    }

    get size(): number {
      return this.#pairs.length
    }
    append(name: unknown, value: unknown): void {
      this.#pairs.push([text(name), text(value)])
      this.#changed?.()
    }
    delete(name: unknown, value?: unknown): void {
      const key = text(name)
      this.#pairs = this.#pairs.filter(
        (pair) => pair[0] !== key || (value !== undefined && pair[1] !== text(value)),
      )
      this.#changed?.()
    }
    get(name: unknown): string | null {
      const key = text(name)
      return this.#pairs.find((pair) => pair[0] === key)?.[1] ?? null
    }
    getAll(name: unknown): string[] {
      const key = text(name)
      return this.#pairs.filter((pair) => pair[0] === key).map((pair) => pair[1])
    }
    has(name: unknown, value?: unknown): boolean {
      const key = text(name)
      return this.#pairs.some(
        (pair) => pair[0] === key && (value === undefined || pair[1] === text(value)),
      )
    }
    set(name: unknown, value: unknown): void {
      const key = text(name)
      const first = this.#pairs.find((pair) => pair[0] === key)
      if (first === undefined) this.#pairs.push([key, text(value)])
      else {
        first[1] = text(value)
        this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== key)
      }
      this.#changed?.()
    }
    sort(): void {
      this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
      this.#changed?.()
    }
    forEach(
      callback: (value: string, name: string, params: unknown) => void,
      receiver?: unknown,
    ): void {
      for (const [name, value] of this.#pairs) callback.call(receiver, value, name, this)
    }
    *entries(): Generator<Pair> {
      for (let i = 0; i < this.#pairs.length; i++) {
        const [name, value] = this.#pairs[i] as Pair
        yield [name, value]
      }
    }
    *keys(): Generator<string> {
      for (const [name] of this.entries()) yield name
    }
    *values(): Generator<string> {
      for (const [, value] of this.entries()) yield value
    }
    [Symbol.iterator](): Generator<Pair> {
      return this.entries()
    }
    toString(): string {
      return ask('params.text', this.#pairs) as string
    }
    get [Symbol.toStringTag](): string {
      return 'URLSearchParams'
    }
  }
  const bind = URLSearchParams.bind
  Reflect.deleteProperty(URLSearchParams, 'bind')

  class URL {
    #parts: Parts
    #params: URLSearchParams | null = null

    constructor(url: unknown, base?: unknown) {
      const parts = ask(
        'url.parse',
        text(url),
        base === undefined ? null : text(base),
      ) as Parts | null
      if (parts === null) {
        const error = new TypeError('Invalid URL')
        expose(error, 'code', 'ERR_INVALID_URL')
        throw error
      }
      this.#parts = parts
    }

    static canParse(url: unknown, base?: unknown): boolean {
      return ask('url.parse', text(url), base === undefined ? null : text(base)) !== null
    }
    static parse(url: unknown, base?: unknown): URL | null {
      return URL.canParse(url, base) ? new URL(url, base) : null
    }

    static read(url: URL, name: string): string {
      return url.#parts[name] as string
    }
    static write(url: URL, name: string, value: unknown): void {
      const parts = ask('url.set', url.#parts.href, name, text(value)) as Parts | null
      if (parts === null) throw new TypeError('Invalid URL')
      url.#parts = parts
      if (name !== 'hash' && url.#params !== null) url.#link(url.#params)
    }

    #link(params: URLSearchParams): URLSearchParams {
      bind(params, read(this, 'search'), () => {
        this.#parts = ask('url.set', this.#parts.href, 'search', params.toString()) as Parts
      })
      return params
    }
    get searchParams(): URLSearchParams {
      this.#params ??= this.#link(new URLSearchParams())
      return this.#params
    }
    toString(): string {
      return this.#parts.href
    }
    toJSON(): string {
      return this.#parts.href
    }
    get [Symbol.toStringTag](): string {
      return 'URL'
    }
  }
  const { read, write } = URL
  Reflect.deleteProperty(URL, 'read')
  Reflect.deleteProperty(URL, 'write')
  const accessor = (name: string, set: boolean): void => {
    define(URL.prototype, name, {
      get(this: URL) {
        return read(this, name)
      },
      ...(set && {
        set(this: URL, value: unknown) {
          write(this, name, value)
        },
      }),
      enumerable: true,
      configurable: true,
    })
  }
  for (const name of components) accessor(name, true)
  accessor('href', true)
  accessor('origin', false)
  expose(globalThis, 'URLSearchParams', URLSearchParams)
  expose(globalThis, 'URL', URL)
}
