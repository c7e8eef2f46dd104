import { createCipheriv } from 'node:crypto'

/** Random bytes that follow from a seed alone: the key stream of AES-256 in counter mode. */
export class RandomSource {
  readonly #cipher: ReturnType<typeof createCipheriv>

  /** @param seed - 32 bytes as hex. */
  constructor(seed: string) {
    this.#cipher = createCipheriv('aes-256-ctr', Buffer.from(seed, 'hex'), Buffer.alloc(16))
  }

  bytes(length: number): Buffer {
    return this.#cipher.update(Buffer.alloc(length))
  }

  /** A version 4 UUID. */
  uuid(): string {
    const bytes = this.bytes(16)
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    const hex = bytes.toString('hex')
    const cuts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
    return [...cuts, hex.slice(20)].join('-')
  }
}
