/**
 * Puts `TextEncoder` and `TextDecoder` (UTF-8 and UTF-16) into the realm, as the other engine brings
 * them along: the realm's own code puts the standard's shape around them.
 */
export function installEncodings(): void {
  const { apply, defineProperty } = Reflect
  const Bytes = Uint8Array
  const { charCodeAt } = String.prototype
  const { fromCharCode } = String
  const bytesPrototype = Object.getPrototypeOf(Bytes.prototype) as Uint8Array
  const { setPrototypeOf } = Object
  const NativeTypeError = TypeError
  const NativeRangeError = RangeError
  // What a program may patch is not asked: the length, the iterator and the species of an array.
  const length = Object.getOwnPropertyDescriptor(bytesPrototype, 'length')?.get
  const lengthOf = (bytes: Uint8Array): number => apply(length as () => number, bytes, []) as number
  const emptyList = (): number[] => setPrototypeOf([], null) as number[]
  const REPLACEMENT = 0xfffd

  const unitAt = (text: string, at: number): number => apply(charCodeAt, text, [at]) as number

  /** The code point at an index; half a pair counts as the replacement character. */
  const pointAt = (text: string, at: number): number => {
    const unit = unitAt(text, at)
    if (unit < 0xd800 || unit > 0xdfff) return unit
    if (unit > 0xdbff || at + 1 >= text.length) return REPLACEMENT
    const next = unitAt(text, at + 1)
    if (next < 0xdc00 || next > 0xdfff) return REPLACEMENT
    return 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00)
  }

  const sizeOf = (point: number): number =>
    point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4

  /** Writes a text into bytes that are as many as it takes. */
  const writeUtf8 = (text: string, to: Uint8Array): void => {
    let read = 0
    let written = 0
    while (read < text.length) {
      const point = pointAt(text, read)
      const size = sizeOf(point)
      if (size === 1) to[written] = point
      else {
        const first = size === 2 ? 0xc0 : size === 3 ? 0xe0 : 0xf0
        to[written] = first | (point >> (6 * (size - 1)))
        for (let i = 1; i < size; i++) {
          to[written + i] = 0x80 | ((point >> (6 * (size - 1 - i))) & 0x3f)
        }
      }
      written += size
      read += size === 4 ? 2 : 1
    }
  }

  class TextEncoder {
    get encoding(): string {
      return 'utf-8'
    }
    encode(...args: unknown[]): Uint8Array {
      const text = args[0] === undefined ? '' : `${args[0] as string}`
      let size = 0
      for (let i = 0; i < text.length; i++) {
        const length = sizeOf(pointAt(text, i))
        size += length
        if (length === 4) i++
      }
      const bytes = new Bytes(size)
      writeUtf8(text, bytes)
      return bytes
    }
  }

  const invalid = (): Error => new NativeTypeError('The encoded data was not valid.')

  /** Collects UTF-16 units into text, without one string per character. */
  class TextBuilder {
    #units: number[] = emptyList()
    #text = ''
    add(unit: number): void {
      this.#units[this.#units.length] = unit
      if (this.#units.length === 4_096) this.#flush()
    }
    addPoint(point: number): void {
      if (point < 0x10000) return this.add(point)
      this.add(0xd800 + ((point - 0x10000) >> 10))
      this.add(0xdc00 + ((point - 0x10000) & 0x3ff))
    }
    #flush(): void {
      this.#text += apply(fromCharCode, undefined, this.#units)
      this.#units = emptyList()
    }
    end(): string {
      this.#flush()
      return this.#text
    }
  }

  // The second byte of a character has a narrower range than the others after some leading bytes.
  const leastSecond = (lead: number): number => (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80)
  const mostSecond = (lead: number): number => (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf)

  /** Decodes and returns how many bytes at the end belong to a character that is not complete. */
  const readUtf8 = (bytes: Uint8Array, out: TextBuilder, fatal: boolean, last: boolean): number => {
    const total = lengthOf(bytes)
    for (let i = 0; i < total; ) {
      const lead = bytes[i] as number
      if (lead < 0x80) {
        out.add(lead)
        i++
        continue
      }
      const size = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
      let point = size === 2 ? lead & 0x1f : size === 3 ? lead & 0x0f : lead & 0x07
      let good = size === 0 ? 0 : 1
      let least = leastSecond(lead)
      let most = mostSecond(lead)
      while (good > 0 && good < size && i + good < total) {
        const byte = bytes[i + good] as number
        if (byte < least || byte > most) break
        point = (point << 6) | (byte & 0x3f)
        least = 0x80
        most = 0xbf
        good++
      }
      if (good === size && size > 0) out.addPoint(point)
      else {
        const isCut = size > 0 && i + good === total
        if (isCut && !last) return total - i
        if (fatal) throw invalid()
        out.add(REPLACEMENT)
      }
      i += good === 0 ? 1 : good
    }
    return 0
  }

  const readUtf16 = (
    bytes: Uint8Array,
    out: TextBuilder,
    mode: { readonly fatal: boolean; readonly last: boolean; readonly bigEndian: boolean },
  ): number => {
    const unit = (at: number): number =>
      mode.bigEndian
        ? ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
        : ((bytes[at + 1] as number) << 8) | (bytes[at] as number)
    const broken = (): void => {
      if (mode.fatal) throw invalid()
      out.add(REPLACEMENT)
    }
    const total = lengthOf(bytes)
    let i = 0
    for (; i + 1 < total; i += 2) {
      const first = unit(i)
      if (first < 0xd800 || first > 0xdfff) out.add(first)
      else if (first > 0xdbff) broken()
      else if (i + 3 >= total) {
        if (!mode.last) return total - i
        broken()
        return 0
      } else {
        const second = unit(i + 2)
        if (second < 0xdc00 || second > 0xdfff) broken()
        else {
          out.add(first)
          out.add(second)
          i += 2
        }
      }
    }
    if (i < total && mode.last) broken()
    return mode.last ? 0 : total - i
  }

  const isSpace = (unit: number): boolean =>
    unit === 32 || unit === 9 || unit === 10 || unit === 12 || unit === 13

  const encodingOf = (label: unknown): string => {
    const text = `${label as string}`
    let start = 0
    let end = text.length
    while (start < end && isSpace(unitAt(text, start))) start++
    while (end > start && isSpace(unitAt(text, end - 1))) end--
    let name = ''
    for (let i = start; i < end; i++) {
      const unit = unitAt(text, i)
      name += unit >= 65 && unit <= 90 ? fromCharCode(unit + 32) : text[i]
    }
    switch (name) {
      case 'utf-8':
      case 'utf8':
      case 'unicode-1-1-utf-8':
      case 'unicode11utf8':
      case 'unicode20utf8':
      case 'x-unicode20utf8':
        return 'utf-8'
      case 'utf-16':
      case 'utf-16le':
      case 'unicode':
      case 'ucs-2':
      case 'iso-10646-ucs-2':
      case 'csunicode':
      case 'unicodefeff':
        return 'utf-16le'
      case 'utf-16be':
      case 'unicodefffe':
        return 'utf-16be'
      default:
        throw new NativeRangeError('The encoding label provided is not supported.')
    }
  }

  const copyInto = (to: Uint8Array, at: number, from: Uint8Array, start: number): void => {
    const end = lengthOf(from)
    for (let i = start; i < end; i++) to[at + i - start] = from[i] as number
  }

  class TextDecoder {
    readonly #encoding: string
    readonly #fatal: boolean
    readonly #ignoreBom: boolean
    #kept: Uint8Array = new Bytes(0)
    #isInside = false

    constructor(...args: unknown[]) {
      const options = (args[1] ?? {}) as { readonly fatal?: unknown; readonly ignoreBOM?: unknown }
      this.#encoding = args[0] === undefined ? 'utf-8' : encodingOf(args[0])
      this.#fatal = !!options.fatal
      this.#ignoreBom = !!options.ignoreBOM
    }
    get encoding(): string {
      return this.#encoding
    }
    get fatal(): boolean {
      return this.#fatal
    }
    get ignoreBOM(): boolean {
      return this.#ignoreBom
    }
    decode(...args: unknown[]): string {
      const last = !(args[1] as { readonly stream?: unknown } | null | undefined)?.stream
      // The realm's own code hands over bytes and nothing else.
      const bytes = this.#joined(args[0] as Uint8Array)
      this.#kept = new Bytes(0)
      const out = new TextBuilder()
      const bigEndian = this.#encoding === 'utf-16be'
      const left =
        this.#encoding === 'utf-8'
          ? readUtf8(bytes, out, this.#fatal, last)
          : readUtf16(bytes, out, { fatal: this.#fatal, last, bigEndian })
      if (left > 0) {
        this.#kept = new Bytes(left)
        copyInto(this.#kept, 0, bytes, lengthOf(bytes) - left)
      }
      const text = out.end()
      const hasMark = !this.#isInside && !this.#ignoreBom && text[0] === '\ufeff'
      this.#isInside = !last && (this.#isInside || text !== '')
      return hasMark ? withoutFirst(text) : text
    }
    #joined(bytes: Uint8Array): Uint8Array {
      const kept = lengthOf(this.#kept)
      if (kept === 0) return bytes
      const all = new Bytes(kept + lengthOf(bytes))
      copyInto(all, 0, this.#kept, 0)
      copyInto(all, kept, bytes, 0)
      return all
    }
  }
  const textSlice = String.prototype.slice
  const withoutFirst = (text: string): string => apply(textSlice, text, [1]) as string

  const classes = { TextEncoder, TextDecoder }
  for (const name of ['TextEncoder', 'TextDecoder'] as const) {
    const value = classes[name]
    defineProperty(value, 'length', { value: 0, configurable: true })
    defineProperty(globalThis, name, { value, writable: true, configurable: true })
  }
}
