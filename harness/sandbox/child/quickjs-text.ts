import { Buffer } from 'node:buffer'
import type { QuickJsExports } from './quickjs-wasm.ts'

/** Room in the memory of an instance that strings pass through. */
export interface TextRoom {
  /** Address of {@link TEXT_BYTES}, where short texts are written on their way in. */
  readonly text: number
  /** Address of 4 bytes, where the engine writes the length of a text. */
  readonly length: number
}

/** Size of {@link TextRoom.text}. */
export const TEXT_BYTES: number = 16 * 1024
const MAX_BYTES_PER_UNIT = 3
const NO_ROOM: TextRoom = { text: 0, length: 0 }

/**
 * Strings in and out of an instance. They cross as UTF-8, with a lone surrogate as the three bytes
 * that its code point would have: the engine reads and writes it so, and no string changes on the way.
 */
export class GuestText {
  readonly #exports: QuickJsExports
  #room: TextRoom = NO_ROOM
  #bytes: Buffer<ArrayBuffer>

  constructor(exports: QuickJsExports) {
    this.#exports = exports
    this.#bytes = Buffer.from(exports.memory.buffer)
  }

  /** Says where there is room. Before that no text may cross. */
  use(room: TextRoom): void {
    this.#room = room
  }

  /** The memory; the view on it ends when it grows. */
  get bytes(): Buffer<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.#exports.memory.buffer)
    return this.#bytes
  }

  /**
   * Lays a text into the memory, with a zero byte behind it, for as long as `use` runs. No guest code
   * may run meanwhile: the next text could lie in the same place.
   *
   * @returns What `use` returns, or 0 if there is no memory left.
   */
  lend(text: string, use: (address: number, length: number) => number): number {
    if (text.length * MAX_BYTES_PER_UNIT >= TEXT_BYTES) return this.lendCopy(text, use)
    return use(this.#room.text, this.#write(text, this.#room.text))
  }

  /** Like {@link GuestText.lend}, in a place of its own on the heap: guest code may run meanwhile. */
  lendCopy(text: string, use: (address: number, length: number) => number): number {
    const size = text.isWellFormed() ? Buffer.byteLength(text) : text.length * MAX_BYTES_PER_UNIT
    const address = this.#exports.malloc(size + 1)
    if (address === 0) return 0
    const result = use(address, this.#write(text, address))
    // Not in a `finally`: what was left by a throw is not entered again, not even to free memory.
    this.#exports.free(address)
    return result
  }

  /** The text of a value, or null if it has none because making it threw. */
  read(box: number): string | null {
    const start = this.#exports.qjs_get_string_len(box, this.#room.length)
    if (start === 0) return null
    const { bytes } = this
    const text = decode(bytes, start, start + bytes.readUInt32LE(this.#room.length))
    this.#exports.qjs_free_cstring(start)
    return text
  }

  #write(text: string, address: number): number {
    const { bytes } = this
    const length = text.isWellFormed()
      ? bytes.write(text, address, 'utf8')
      : writeUnits(text, bytes, address)
    bytes[address + length] = 0
    return length
  }
}

function decode(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  // What the decoder does not know becomes U+FFFD, so without one nothing was changed.
  return text.includes('\ufffd') ? readUnits(bytes, start, end) : text
}

/** Like UTF-8, and lone surrogates as if they were characters. */
function writeUnits(text: string, bytes: Buffer, address: number): number {
  let at = address
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0
    if (code > 0xffff) {
      i++
      bytes[at++] = 0xf0 | (code >> 18)
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f)
    } else if (code > 0x7ff) bytes[at++] = 0xe0 | (code >> 12)
    if (code > 0x7ff) bytes[at++] = 0x80 | ((code >> 6) & 0x3f)
    else if (code > 0x7f) bytes[at++] = 0xc0 | (code >> 6)
    bytes[at++] = code > 0x7f ? 0x80 | (code & 0x3f) : code
  }
  return at - address
}

/** The reverse of {@link writeUnits}, in pieces that the decoder knows and surrogates it does not. */
function readUnits(bytes: Buffer, start: number, end: number): string {
  let text = ''
  let from = start
  for (
    let at = bytes.indexOf(0xed, start);
    at >= 0 && at + 2 < end;
    at = bytes.indexOf(0xed, at + 1)
  ) {
    const second = bytes.readUInt8(at + 1)
    if (second < 0xa0) continue
    const unit = 0xd000 | ((second & 0x3f) << 6) | (bytes.readUInt8(at + 2) & 0x3f)
    text += bytes.toString('utf8', from, at) + String.fromCharCode(unit)
    from = at + 3
  }
  return text + bytes.toString('utf8', from, end)
}
