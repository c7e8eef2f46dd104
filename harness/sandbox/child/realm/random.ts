import type { HostCall, Intrinsics } from './intrinsics.ts'

/**
 * Puts `Math.random` and `crypto` into the realm, both fed by the runner's generator: the same seed
 * gives the same run. `Math.random` is sfc32 inside the realm because programs call it by the million.
 */
export function installRandom(host: HostCall, intrinsics: Intrinsics): { start(): void } {
  const { apply, domError, isView, typeError } = intrinsics
  const maxBytes = 65_536
  let a = 0
  let b = 0
  let c = 0
  let counter = 1
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + result) | 0
    return result >>> 0
  }
  const members = {
    random: () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992,
  }
  intrinsics.install(Math, members, false)

  const Bytes = Uint8Array
  const typedArray = intrinsics.prototypeOf(Bytes.prototype) as object
  const read = (name: string) => Object.getOwnPropertyDescriptor(typedArray, name)?.get
  const bufferOf = read('buffer')
  const offsetOf = read('byteOffset')
  const lengthOf = read('byteLength')
  const integerKinds = /^(?:Big)?(?:Int|Uint)\d+(?:Clamped)?Array$/

  const key = {}
  class Crypto {
    readonly #isReal: boolean = true
    constructor(made: unknown) {
      if (made !== key) throw typeError('Illegal constructor')
    }
    getRandomValues(...args: unknown[]): unknown {
      const array = args[0]
      if (!this.#isReal || args.length === 0) throw typeError('getRandomValues takes a typed array')
      if (!isView(array) || !intrinsics.matches(integerKinds, intrinsics.viewKind(array)))
        throw domError('The argument must be a typed array of integers', 'TypeMismatchError')
      const length = apply(lengthOf, array, []) as number
      if (length > maxBytes)
        throw domError('At most 65536 random bytes at once', 'QuotaExceededError')
      const text = host('random.bytes', intrinsics.text(length))
      const buffer = apply(bufferOf, array, []) as ArrayBuffer
      const bytes = new Bytes(buffer, apply(offsetOf, array, []) as number, length)
      for (let i = 0; i < length; i++) bytes[i] = intrinsics.codeAt(text, i)
      return array
    }
    randomUUID(): string {
      return this.#isReal ? host('random.uuid', '') : ''
    }
  }
  intrinsics.installClass(Crypto, { getRandomValues: 1 })
  Object.defineProperty(Crypto, 'length', { value: 0 })
  Object.defineProperty(globalThis, 'crypto', {
    value: new Crypto(key),
    writable: true,
    enumerable: true,
    configurable: true,
  })
  return {
    start: () => {
      const words = intrinsics.parseJson(host('random.words', '')) as [number, number, number]
      a = words[0] | 0
      b = words[1] | 0
      c = words[2] | 0
      counter = 1
      for (let i = 0; i < 12; i++) next()
    },
  }
}
