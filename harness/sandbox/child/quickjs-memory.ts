import { Buffer } from 'node:buffer'
import { type WasmMemory, wasm } from './quickjs-wasm.ts'

const WASM_PAGE_BYTES = 65_536
/** What the system hands out at a time. A page that is only zero is not copied, so not paid for. */
const PAGE_BYTES = 4096
const EMPTY_PAGE = Buffer.alloc(PAGE_BYTES)
const MAX_SPARE = 4

interface Range {
  readonly start: number
  readonly bytes: Uint8Array
}

/**
 * The memory of an engine at rest, to be had as often as needed. Memory that comes back is cleared
 * from end to end before it serves again, so that it is equal to new memory in every byte: without
 * that, each realm would wait for the system to hand out hundreds of pages.
 */
export class MemoryImage {
  readonly #pages: number
  readonly #ranges: readonly Range[]
  readonly #spare: WasmMemory[] = []

  /** @param memory - Is copied. */
  constructor(memory: WasmMemory) {
    const bytes = Buffer.from(memory.buffer)
    this.#pages = bytes.length / WASM_PAGE_BYTES
    this.#ranges = usedRanges(bytes)
  }

  /** Memory of the right size, all zero, that nothing else uses. */
  take(): WasmMemory {
    return this.#spare.pop() ?? new wasm.Memory({ initial: this.#pages })
  }

  /**
   * Makes memory from {@link take} equal to the image. An instance may have put its constants in
   * before, which are in the image as well.
   */
  writeTo(memory: WasmMemory): void {
    const bytes = new Uint8Array(memory.buffer)
    for (const range of this.#ranges) bytes.set(range.bytes, range.start)
  }

  /**
   * Takes memory back from an instance that never runs again. Grown memory cannot shrink: it is not
   * taken.
   *
   * @returns Whether it was taken.
   */
  giveBack(memory: WasmMemory): boolean {
    const isFull = this.#spare.length >= MAX_SPARE
    if (isFull || memory.buffer.byteLength !== this.#pages * WASM_PAGE_BYTES) return false
    new Uint8Array(memory.buffer).fill(0)
    this.#spare.push(memory)
    return true
  }
}

function usedRanges(bytes: Buffer): Range[] {
  const isUsed = (start: number): boolean =>
    start < bytes.length &&
    bytes.compare(EMPTY_PAGE, 0, PAGE_BYTES, start, start + PAGE_BYTES) !== 0
  const ranges: Range[] = []
  for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
    let end = start
    while (isUsed(end)) end += PAGE_BYTES
    if (end === start) continue
    ranges.push({ start, bytes: new Uint8Array(bytes.subarray(start, end)) })
    start = end
  }
  return ranges
}
