import type { Intrinsics } from './intrinsics.ts'

/**
 * Gives `TextEncoder`, `TextDecoder`, `atob` and `btoa` the shape that the standard says. The work is
 * done by what the engine brought along, which knows UTF-8 and UTF-16LE.
 */
export function installEncoding(intrinsics: Intrinsics): void {
  const { apply, brand, construct, create, isView, list, text, typeError } = intrinsics
  const { TextDecoder: NativeDecoder, TextEncoder: NativeEncoder } = globalThis
  const nativeDecode = NativeDecoder.prototype.decode
  const nativeEncoding = Object.getOwnPropertyDescriptor(NativeDecoder.prototype, 'encoding')?.get
  const nativeEncode = NativeEncoder.prototype.encode
  const encoder = new NativeEncoder()
  const nativeAtob = atob
  const nativeBtoa = btoa
  const Bytes = Uint8Array
  const fromCharCode = String.fromCharCode
  const bufferOf = (owner: object, name: string) =>
    Object.getOwnPropertyDescriptor(owner, name)?.get
  const typedArray = intrinsics.prototypeOf(Bytes.prototype) as object
  const arrayParts = ['buffer', 'byteOffset', 'byteLength'].map((name) =>
    bufferOf(typedArray, name),
  )
  const viewParts = ['buffer', 'byteOffset', 'byteLength'].map((name) =>
    bufferOf(DataView.prototype, name),
  )
  const latin1 =
    /^[\t\n\f\r ]*(?:ansi_x3\.4-1968|ascii|cp1252|cp819|csisolatin1|ibm819|iso-8859-1|iso-ir-100|iso8859-1|iso88591|iso_8859-1|iso_8859-1:1987|l1|latin1|us-ascii|windows-1252|x-cp1252)[\t\n\f\r ]*$/i
  // The characters of windows-1252 from 0x80 to 0x9f; the others stand for themselves.
  const high = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

  const bytesOf = (input: object): Uint8Array => {
    if (!isView(input)) return new Bytes(input as ArrayBuffer)
    const parts = intrinsics.viewKind(input) === 'DataView' ? viewParts : arrayParts
    const args: unknown[] = list()
    for (let i = 0; i < 3; i++) args[i] = apply(parts[i], input, [])
    return construct(Bytes, args) as Uint8Array
  }
  const isBytes = (input: unknown): input is object => {
    if (typeof input !== 'object' || input === null) return false
    if (isView(input)) return true
    const name = brand(input)
    return name === 'ArrayBuffer' || name === 'SharedArrayBuffer'
  }
  const fromLatin1 = (bytes: Uint8Array): string => {
    const length = apply(arrayParts[2], bytes, []) as number
    let result = ''
    for (let i = 0; i < length; i++) {
      const byte = bytes[i] as number
      result += byte > 127 && byte < 160 ? high[byte - 128] : fromCharCode(byte)
    }
    return result
  }
  const flag = (options: unknown, name: string): boolean => {
    if (options === undefined || options === null) return false
    if (typeof options !== 'object' && typeof options !== 'function')
      throw typeError('The options must be an object')
    return !!(options as Record<string, unknown>)[name]
  }

  /** Writes as many whole characters as there is room for. */
  const writeUtf8 = (text: string, to: Uint8Array): { read: number; written: number } => {
    const room = intrinsics.viewLength(to)
    let read = 0
    let written = 0
    while (read < text.length) {
      const unit = intrinsics.codeAt(text, read)
      const isPair = unit >= 0xd800 && unit < 0xdc00
      const size = isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
      if (written + size > room) break
      const low = isPair ? intrinsics.codeAt(text, read + 1) - 0xdc00 : 0
      const point = isPair ? 0x10000 + ((unit - 0xd800) << 10) + low : unit
      const lead = size === 1 ? 0 : size === 2 ? 0xc0 : size === 3 ? 0xe0 : 0xf0
      to[written] = lead | (point >> (6 * (size - 1)))
      for (let i = 1; i < size; i++)
        to[written + i] = 0x80 | ((point >> (6 * (size - 1 - i))) & 0x3f)
      written += size
      read += isPair ? 2 : 1
    }
    return { read, written }
  }

  class TextDecoder {
    /** null for windows-1252, which the engine does not know. */
    readonly #native: object | null
    readonly #encoding: string
    readonly #isFatal: boolean
    readonly #ignoresMark: boolean
    constructor(label: unknown = 'utf-8', options: unknown = undefined) {
      const name = text(label)
      this.#isFatal = flag(options, 'fatal')
      this.#ignoresMark = flag(options, 'ignoreBOM')
      const chosen = create(null)
      chosen['fatal'] = this.#isFatal
      chosen['ignoreBOM'] = this.#ignoresMark
      this.#native = intrinsics.matches(latin1, name)
        ? null
        : construct(NativeDecoder, [name, chosen])
      this.#encoding =
        this.#native === null ? 'windows-1252' : (apply(nativeEncoding, this.#native, []) as string)
    }
    get encoding(): string {
      return this.#encoding
    }
    get fatal(): boolean {
      return this.#isFatal
    }
    get ignoreBOM(): boolean {
      return this.#ignoresMark
    }
    decode(input: unknown = undefined, options: unknown = undefined): string {
      const native = this.#native
      if (input !== undefined && !isBytes(input))
        throw typeError('The input must be an ArrayBuffer or a view of one')
      const chosen = create(null)
      chosen['stream'] = flag(options, 'stream')
      const bytes = input === undefined ? new Bytes(0) : bytesOf(input)
      if (native === null) return fromLatin1(bytes)
      return apply(nativeDecode, native, [bytes, chosen]) as string
    }
  }
  intrinsics.installClass(TextDecoder)

  class TextEncoder {
    readonly #encoding: string = 'utf-8'
    get encoding(): string {
      return this.#encoding
    }
    encode(input: unknown = ''): unknown {
      return this.#encoding && apply(nativeEncode, encoder, [text(input)])
    }
    encodeInto(source: unknown, destination: unknown): { read: number; written: number } {
      const from = this.#encoding && intrinsics.wellFormed(source)
      if (!isView(destination) || intrinsics.viewKind(destination) !== 'Uint8Array')
        throw typeError('The destination must be a Uint8Array')
      return writeUtf8(from, destination as Uint8Array)
    }
  }
  intrinsics.installClass(TextEncoder)

  const members = {
    atob(...args: unknown[]) {
      if (args.length === 0) throw typeError('atob takes a string')
      return nativeAtob(text(args[0]))
    },
    btoa(...args: unknown[]) {
      if (args.length === 0) throw typeError('btoa takes a string')
      return nativeBtoa(text(args[0]))
    },
  }
  for (const name of ['atob', 'btoa'] as const)
    Object.defineProperty(members[name], 'length', { value: 1 })
  intrinsics.install(globalThis, members, true)
}
