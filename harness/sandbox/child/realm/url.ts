import type { Describe } from './inspect.ts'
import type { HostCall, Intrinsics } from './intrinsics.ts'

/** Puts `URL` and `URLSearchParams` into the realm; the runner parses and prints, with Node's parser. */
export function installUrl(host: HostCall, intrinsics: Intrinsics): Describe {
  type Parts = Readonly<Record<string, string>>
  /** Names and values in turn. */
  type Pairs = string[]
  const { apply, at, define, expose, list, parseJson, quote, typeError, wellFormed } = intrinsics
  const iterator: typeof Symbol.iterator = Symbol.iterator
  const iteratorPrototype = intrinsics.prototypeOf(
    intrinsics.prototypeOf([].values()) as object,
  ) as object

  const ask = (operation: string, args: readonly string[]): unknown => {
    let text = '['
    for (let i = 0; i < args.length; i++) text += (i === 0 ? '' : ',') + quote(args[i] as string)
    return parseJson(host(operation, text + ']'))
  }
  const askPairs = (operation: string, args: readonly string[]): Pairs =>
    intrinsics.setPrototypeOf(ask(operation, args) as Pairs, null)
  // A missing argument is an error, an argument that is undefined is text.
  const need = (args: readonly unknown[], least: number): void => {
    if (args.length < least)
      throw typeError(least === 1 ? 'An argument is missing' : 'Two arguments are needed')
  }
  const needFunction = (value: unknown): void => {
    if (typeof value !== 'function') throw typeError('The callback must be a function')
  }

  const pairsOf = (init: unknown): Pairs => {
    if (init === undefined) return list()
    if (init === null || (typeof init !== 'object' && typeof init !== 'function'))
      return askPairs('params.parse', [wellFormed(init)])
    const pairs = list<string>()
    const makeIterator = (init as { [Symbol.iterator]?: unknown })[iterator]
    if (makeIterator === undefined || makeIterator === null) {
      const names = intrinsics.ownKeys(init)
      for (let i = 0; i < names.length; i++) {
        const name = names[i] as string
        if (intrinsics.ownProperty(init, name)?.enumerable !== true) continue
        const text = wellFormed(name)
        append(pairs, text, wellFormed((init as Record<string, unknown>)[name]))
      }
      return pairs
    }
    needFunction(makeIterator)
    for (const entry of init as Iterable<Iterable<unknown>>) {
      if ((typeof entry !== 'object' && typeof entry !== 'function') || entry === null)
        throw typeError('Each query pair must be an iterable of a name and a value')
      const pair = list<string>()
      for (const part of entry) pair[pair.length] = wellFormed(part)
      if (pair.length !== 2) throw typeError('Each query pair must have a name and a value')
      append(pairs, pair[0] as string, pair[1] as string)
    }
    return pairs
  }
  const append = (pairs: Pairs, name: string, value: string): void => {
    pairs[pairs.length] = name
    pairs[pairs.length] = value
  }
  /** The pairs without those of a name, or of a name and a value; the first `kept` matches stay. */
  const without = (pairs: Pairs, name: string, value: string | null, kept = 0): Pairs => {
    const rest = list<string>()
    let found = 0
    for (let i = 0; i < pairs.length; i += 2) {
      const isMatch = pairs[i] === name && (value === null || pairs[i + 1] === value)
      if (!isMatch || found++ < kept) append(rest, pairs[i] as string, pairs[i + 1] as string)
    }
    return rest
  }
  const indexOf = (pairs: Pairs, name: string, value: string | null): number => {
    for (let i = 0; i < pairs.length; i += 2)
      if (pairs[i] === name && (value === null || pairs[i + 1] === value)) return i
    return -1
  }

  let pairsIn: (params: object) => Pairs
  let bind: (params: object, search: string, changed: () => void) => void
  let isParams: (value: object) => boolean

  class URLSearchParams {
    #pairs: Pairs
    #changed: (() => void) | null = null

    constructor(init: unknown = undefined) {
      this.#pairs = pairsOf(init)
    }
    static {
      pairsIn = (params) => (params as URLSearchParams).#pairs
      isParams = (value) => #pairs in value
      // A change of the URL is seen in its parameters, and the other way round.
      bind = (params, search, changed) => {
        const target = params as URLSearchParams
        target.#pairs = askPairs('params.parse', [search])
        target.#changed = changed
      }
    }
    #set(pairs: Pairs): void {
      this.#pairs = pairs
      if (this.#changed !== null) this.#changed()
    }

    #iterate(kind: string): object {
      return new ParamsIterator(this, kind)
    }
    get size(): number {
      return this.#pairs.length / 2
    }
    append(...args: unknown[]): void {
      const pairs = this.#pairs
      need(args, 2)
      append(pairs, wellFormed(args[0]), wellFormed(args[1]))
      this.#set(pairs)
    }
    delete(...args: unknown[]): void {
      const pairs = this.#pairs
      need(args, 1)
      const name = wellFormed(args[0])
      this.#set(without(pairs, name, at(args, 1) === undefined ? null : wellFormed(args[1])))
    }
    get(...args: unknown[]): string | null {
      const pairs = this.#pairs
      need(args, 1)
      const place = indexOf(pairs, wellFormed(args[0]), null)
      return place < 0 ? null : (pairs[place + 1] as string)
    }
    getAll(...args: unknown[]): string[] {
      const pairs = this.#pairs
      need(args, 1)
      const name = wellFormed(args[0])
      const values = list<string>()
      for (let i = 0; i < pairs.length; i += 2)
        if (pairs[i] === name) values[values.length] = pairs[i + 1] as string
      return intrinsics.setPrototypeOf(values, intrinsics.arrayPrototype)
    }
    has(...args: unknown[]): boolean {
      const pairs = this.#pairs
      need(args, 1)
      const name = wellFormed(args[0])
      return indexOf(pairs, name, at(args, 1) === undefined ? null : wellFormed(args[1])) >= 0
    }
    set(...args: unknown[]): void {
      const pairs = this.#pairs
      need(args, 2)
      const name = wellFormed(args[0])
      const value = wellFormed(args[1])
      const place = indexOf(pairs, name, null)
      if (place < 0) append(pairs, name, value)
      else pairs[place + 1] = value
      this.#set(place < 0 ? pairs : without(pairs, name, null, 1))
    }
    sort(): void {
      this.#set(askPairs('params.sort', this.#pairs))
    }
    forEach(callback: unknown, receiver: unknown = undefined): void {
      let pairs = this.#pairs
      needFunction(callback)
      for (let i = 0; i < pairs.length; i += 2) {
        apply(callback, receiver, [pairs[i + 1], pairs[i], this])
        pairs = this.#pairs
      }
    }
    entries(): object {
      return this.#iterate('entries')
    }
    keys(): object {
      return this.#iterate('keys')
    }
    values(): object {
      return this.#iterate('values')
    }
    toString(): string {
      return ask('params.text', this.#pairs) as string
    }
  }
  intrinsics.installClass(URLSearchParams, {
    append: 2,
    delete: 1,
    get: 1,
    getAll: 1,
    has: 1,
    set: 2,
  })
  define(URLSearchParams.prototype, iterator, {
    value: URLSearchParams.prototype.entries,
    writable: true,
    configurable: true,
  })

  class ParamsIterator {
    readonly #params: object
    readonly #kind: string
    #next = 0
    constructor(params: object, kind: string) {
      this.#params = params
      this.#kind = kind
    }
    next(): IteratorResult<unknown> {
      const pairs = pairsIn(this.#params)
      const place = this.#next
      if (place >= pairs.length) return { value: undefined, done: true }
      this.#next = place + 2
      if (this.#kind === 'keys') return { value: pairs[place], done: false }
      if (this.#kind === 'values') return { value: pairs[place + 1], done: false }
      return { value: [pairs[place], pairs[place + 1]], done: false }
    }
  }
  const made = ParamsIterator.prototype as object
  intrinsics.setPrototypeOf(made, iteratorPrototype)
  define(made, 'next', { enumerable: true })
  define(made, Symbol.toStringTag, { value: 'URLSearchParams Iterator', configurable: true })
  Reflect.deleteProperty(made, 'constructor')

  const parse = (args: readonly unknown[]): Parts | null => {
    need(args, 1)
    const url = wellFormed(args[0])
    const texts = at(args, 1) === undefined ? [url] : [url, wellFormed(args[1])]
    return ask('url.parse', texts) as Parts | null
  }
  const invalid = (): TypeError => {
    const error = typeError('Invalid URL')
    expose(error, 'code', 'ERR_INVALID_URL')
    return error
  }
  let hrefOf: (value: object) => string | null
  const already = {}
  class URL {
    #parts: Parts
    #params: object | null = null

    constructor(...args: unknown[]) {
      const parts = at(args, 1) === already ? (args[0] as Parts) : parse(args)
      if (parts === null) throw invalid()
      this.#parts = parts
    }
    static {
      hrefOf = (value) => (#parts in value ? (value.#parts['href'] as string) : null)
      const names = 'href protocol username password host hostname port pathname search hash'
      for (const name of names.split(' ')) {
        const accessor = {
          get [name](): string | undefined {
            return (this as unknown as URL).#parts[name]
          },
          set [name](value: unknown) {
            ;(this as unknown as URL).#write(name, wellFormed(value))
          },
        }
        intrinsics.install(URL.prototype, accessor, true)
      }
    }
    get origin(): string {
      return this.#parts['origin'] as string
    }
    static canParse(...args: unknown[]): boolean {
      return parse(args) !== null
    }
    static parse(...args: unknown[]): URL | null {
      const parts = parse(args)
      return parts === null ? null : new URL(parts, already)
    }

    #write(name: string, value: string): void {
      const parts = ask('url.set', [this.#parts['href'] as string, name, value]) as Parts | null
      if (parts === null) throw invalid()
      this.#parts = parts
      if (this.#params !== null && (name === 'href' || name === 'search')) this.#link(this.#params)
    }
    #link(params: object): object {
      bind(params, this.#parts['search'] as string, () => {
        const query = ask('params.text', pairsIn(params)) as string
        this.#parts = ask('url.set', [this.#parts['href'] as string, 'search', query]) as Parts
      })
      return params
    }
    get searchParams(): object {
      this.#params ??= this.#link(new URLSearchParams())
      return this.#params
    }
    toString(): string {
      return this.#parts['href'] as string
    }
    toJSON(): string {
      return this.#parts['href'] as string
    }
  }
  intrinsics.installClass(URL, { canParse: 1, parse: 1 })
  define(URL, 'length', { value: 1 })

  return (value) => {
    const href = hrefOf(value)
    if (href !== null) return 'URL { href: ' + quote(href) + ' }'
    if (!isParams(value)) return null
    const pairs = pairsIn(value)
    let shown = ''
    for (let i = 0; i < pairs.length && i < 200; i += 2)
      shown +=
        (i === 0 ? ' ' : ', ') + quote(pairs[i] as string) + ' => ' + quote(pairs[i + 1] as string)
    return 'URLSearchParams {' + shown + (shown === '' ? '}' : ' }')
  }
}
