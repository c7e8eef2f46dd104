/** Puts `DOMException`, `atob` and `btoa` into the realm, as the other engine brings them along. */
export function installDomException(): void {
  const { apply, construct, defineProperty, setPrototypeOf } = Reflect
  const NativeError = Error
  const toText = (value: unknown): string => `${value as string}`
  const slots = new WeakMap<object, { readonly name: string; readonly message: string }>()
  const { get: recall, set: remember } = WeakMap.prototype
  const names = [
    ['IndexSizeError', 'INDEX_SIZE_ERR'],
    ['', 'DOMSTRING_SIZE_ERR'],
    ['HierarchyRequestError', 'HIERARCHY_REQUEST_ERR'],
    ['WrongDocumentError', 'WRONG_DOCUMENT_ERR'],
    ['InvalidCharacterError', 'INVALID_CHARACTER_ERR'],
    ['', 'NO_DATA_ALLOWED_ERR'],
    ['NoModificationAllowedError', 'NO_MODIFICATION_ALLOWED_ERR'],
    ['NotFoundError', 'NOT_FOUND_ERR'],
    ['NotSupportedError', 'NOT_SUPPORTED_ERR'],
    ['InUseAttributeError', 'INUSE_ATTRIBUTE_ERR'],
    ['InvalidStateError', 'INVALID_STATE_ERR'],
    ['SyntaxError', 'SYNTAX_ERR'],
    ['InvalidModificationError', 'INVALID_MODIFICATION_ERR'],
    ['NamespaceError', 'NAMESPACE_ERR'],
    ['InvalidAccessError', 'INVALID_ACCESS_ERR'],
    ['', 'VALIDATION_ERR'],
    ['TypeMismatchError', 'TYPE_MISMATCH_ERR'],
    ['SecurityError', 'SECURITY_ERR'],
    ['NetworkError', 'NETWORK_ERR'],
    ['AbortError', 'ABORT_ERR'],
    ['URLMismatchError', 'URL_MISMATCH_ERR'],
    ['QuotaExceededError', 'QUOTA_EXCEEDED_ERR'],
    ['TimeoutError', 'TIMEOUT_ERR'],
    ['InvalidNodeTypeError', 'INVALID_NODE_TYPE_ERR'],
    ['DataCloneError', 'DATA_CLONE_ERR'],
  ] as const

  const slotsOf = (exception: object): { readonly name: string; readonly message: string } => {
    const found = apply(recall, slots, [exception]) as
      | { readonly name: string; readonly message: string }
      | undefined
    if (found === undefined) throw new TypeError('Not a DOMException')
    return found
  }

  class DOMException {
    // Only what Error itself has made counts as an error, and has a stack.
    constructor(message: unknown = '', name: unknown = 'Error') {
      const self = construct(NativeError, [], new.target) as DOMException
      apply(remember, slots, [self, { name: toText(name), message: toText(message) }])
      // biome-ignore lint/correctness/noConstructorReturn: it is this object that has a stack
      return self
    }
    get name(): string {
      return slotsOf(this).name
    }
    get message(): string {
      return slotsOf(this).message
    }
    get code(): number {
      const { name } = slotsOf(this)
      if (name === '') return 0
      for (let i = 0; i < names.length; i++) if (names[i]?.[0] === name) return i + 1
      return 0
    }
  }
  for (const name of ['name', 'message', 'code']) {
    defineProperty(DOMException.prototype, name, { enumerable: true })
  }
  setPrototypeOf(DOMException.prototype, NativeError.prototype)
  for (let i = 0; i < names.length; i++) {
    const name = names[i]?.[1] as string
    defineProperty(DOMException, name, { value: i + 1, enumerable: true })
    defineProperty(DOMException.prototype, name, { value: i + 1, enumerable: true })
  }
  defineProperty(DOMException.prototype, Symbol.toStringTag, {
    value: 'DOMException',
    configurable: true,
  })
  defineProperty(globalThis, 'DOMException', {
    value: DOMException,
    writable: true,
    configurable: true,
  })
}

/** Puts `atob` and `btoa` into the realm. Needs `DOMException`. */
export function installBase64(): void {
  const { apply, defineProperty } = Reflect
  const toText = String
  const { charCodeAt } = String.prototype
  const { fromCharCode } = String
  const Refusal = DOMException
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const digits = new Int8Array(128)
  for (let i = 0; i < 128; i++) digits[i] = -1
  for (let i = 0; i < 64; i++) digits[alphabet.charCodeAt(i)] = i
  const code = (text: string, at: number): number => apply(charCodeAt, text, [at]) as number
  const isSpace = (unit: number): boolean =>
    unit === 32 || unit === 9 || unit === 10 || unit === 12 || unit === 13

  const invalid = (): Error =>
    new Refusal('The string to be decoded is not correctly encoded', 'InvalidCharacterError')

  /** The text without white space and padding; the padding has to make the length a multiple of 4. */
  const digitsOf = (text: string): string => {
    let clean = ''
    for (let i = 0; i < text.length; i++) if (!isSpace(code(text, i))) clean += text[i]
    let end = clean.length
    if (end % 4 === 0 && end > 0 && clean[end - 1] === '=') {
      end -= clean[end - 2] === '=' ? 2 : 1
    }
    let kept = ''
    for (let i = 0; i < end; i++) kept += clean[i]
    return kept
  }

  const functions = {
    atob(data: unknown): string {
      const text = digitsOf(toText(data))
      if (text.length % 4 === 1) throw invalid()
      let result = ''
      let bits = 0
      let held = 0
      for (let i = 0; i < text.length; i++) {
        const unit = code(text, i)
        const digit = unit < 128 ? (digits[unit] as number) : -1
        if (digit < 0) throw invalid()
        bits = ((bits << 6) | digit) & 0xffffff
        held += 6
        if (held >= 8) {
          held -= 8
          result += fromCharCode((bits >> held) & 0xff)
        }
      }
      return result
    },
    btoa(data: unknown): string {
      const text = toText(data)
      let result = ''
      for (let i = 0; i < text.length; i += 3) {
        const a = code(text, i)
        const b = i + 1 < text.length ? code(text, i + 1) : 0
        const c = i + 2 < text.length ? code(text, i + 2) : 0
        if (a > 255 || b > 255 || c > 255) {
          throw new Refusal('String contains an invalid character', 'InvalidCharacterError')
        }
        result += alphabet[a >> 2]
        result += alphabet[((a & 3) << 4) | (b >> 4)]
        result += i + 1 < text.length ? alphabet[((b & 15) << 2) | (c >> 6)] : '='
        result += i + 2 < text.length ? alphabet[c & 63] : '='
      }
      return result
    },
  }
  for (const name of ['atob', 'btoa'] as const) {
    const value = functions[name]
    defineProperty(globalThis, name, { value, writable: true, configurable: true })
  }
}
