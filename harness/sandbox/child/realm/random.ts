import type { HostCall, Intrinsics } from './intrinsics.ts'

/**
 * Puts `Math.random` and `crypto` into the realm, both fed by the runner's generator: the same seed
 * gives the same run. `Math.random` is sfc32 inside the realm because programs call it by the million.
 */
export function installRandom(host: HostCall, intrinsics: Intrinsics): { start(): void } {
  const { apply, expose } = intrinsics
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
  expose(
    Math,
    'random',
    () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992,
  )

  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
  const read = (name: string) => Object.getOwnPropertyDescriptor(typedArray, name)?.get
  const tagOf = read(Symbol.toStringTag as unknown as string)
  const bufferOf = read('buffer')
  const offsetOf = read('byteOffset')
  const lengthOf = read('byteLength')
  const Bytes = Uint8Array
  const codeAt = String.prototype.charCodeAt
  const integerKinds =
    /^(?:Int8|Uint8|Uint8Clamped|Int16|Uint16|Int32|Uint32|BigInt64|BigUint64)Array$/

  const crypto = {
    randomUUID: () => host('random.uuid', ''),
    getRandomValues: (array: unknown) => {
      const kind = apply(tagOf, array, [])
      if (typeof kind !== 'string' || !intrinsics.matches(integerKinds, kind)) {
        throw new TypeError('getRandomValues takes an integer typed array')
      }
      const length = apply(lengthOf, array, []) as number
      if (length > 65_536) {
        throw new DOMException('At most 65536 random bytes at once', 'QuotaExceededError')
      }
      const text = host('random.bytes', intrinsics.text(length))
      const bytes = new Bytes(
        apply(bufferOf, array, []) as ArrayBuffer,
        apply(offsetOf, array, []) as number,
        length,
      )
      for (let i = 0; i < length; i++) bytes[i] = apply(codeAt, text, [i]) as number
      return array
    },
  }
  expose(globalThis, 'crypto', crypto)
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
