import { Buffer } from 'node:buffer'

const HEADER_BYTES = 8
const SECTION = { import: 2, table: 4, memory: 5, export: 7 } as const
const FUNCTION_REFERENCE = 0x70

/** What an engine's binary is rewritten for. */
export interface SlimOptions {
  /** Names of exports that stay. One the binary does not have is a TypeError. */
  readonly exports: readonly string[]
  /** Slots at the end of the function table that are left free for an extension. */
  readonly extraTableSlots: number
}

/** A binary whose instances are given their memory. */
export interface SlimBinary {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The least that the memory must have. */
  readonly memoryPages: number
  /** How many slots of the function table are the engine's own. */
  readonly tableSlots: number
}

/**
 * Rewrites the frame of a WebAssembly binary and leaves its code as it is. Its memory becomes an
 * import, so that the pages of one instance can serve the next; of its exports only those in use stay,
 * since wrapping all of them makes up three quarters of what an instance costs; and its table has the
 * room from the start that would otherwise be added, at the price of a copy, to each instance.
 */
export function slimBinary(binary: Uint8Array<ArrayBuffer>, options: SlimOptions): SlimBinary {
  const sections = [...readSections(binary)]
  const memoryPages = readSize(sections.find(({ id }) => id === SECTION.memory))
  const tableSlots = readSize(
    sections.find(({ id }) => id === SECTION.table),
    FUNCTION_REFERENCE,
  )
  const parts: Uint8Array[] = [binary.subarray(0, HEADER_BYTES)]
  for (const { id, body } of sections) {
    // The memory is imported instead.
    if (id === SECTION.memory) continue
    const rewritten = rewrite(id, body, { ...options, memoryPages, tableSlots })
    parts.push(Buffer.of(id), unsigned(rewritten.length), rewritten)
  }
  return { bytes: Buffer.concat(parts), memoryPages, tableSlots }
}

function rewrite(
  id: number,
  body: Uint8Array,
  plan: SlimOptions & Omit<SlimBinary, 'bytes'>,
): Uint8Array {
  switch (id) {
    case SECTION.import:
      return withMemoryImport(body, plan.memoryPages)
    case SECTION.table:
      return tableOf(plan.tableSlots + plan.extraTableSlots)
    case SECTION.export:
      return onlyExports(body, plan.exports)
    default:
      return body
  }
}

interface Section {
  readonly id: number
  readonly body: Uint8Array
}

/** Reads the integers of a binary, which are in LEB128. */
class Cursor {
  readonly #bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes
    this.offset = offset
  }

  get isAtEnd(): boolean {
    return this.offset >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.offset++] ?? 0
  }

  unsigned(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return value >>> 0
    }
  }

  take(length: number): Uint8Array {
    this.offset += length
    return this.#bytes.subarray(this.offset - length, this.offset)
  }
}

function* readSections(binary: Uint8Array): Generator<Section> {
  const cursor = new Cursor(binary, HEADER_BYTES)
  while (!cursor.isAtEnd) {
    const id = cursor.byte()
    yield { id, body: cursor.take(cursor.unsigned()) }
  }
}

/** The size that a section's only memory or table starts with; the engine names no maximum. */
function readSize(found: Section | undefined, ...type: readonly number[]): number {
  const cursor = new Cursor(found?.body ?? new Uint8Array(), 0)
  const isExpected = [1, ...type, 0].every((byte) => cursor.byte() === byte)
  if (!isExpected) throw new TypeError('The memory or the table of the engine is not as expected')
  return cursor.unsigned()
}

function tableOf(slots: number): Buffer {
  return Buffer.concat([Buffer.of(1, FUNCTION_REFERENCE, 0), unsigned(slots)])
}

function withMemoryImport(body: Uint8Array, pages: number): Buffer {
  const cursor = new Cursor(body, 0)
  const count = cursor.unsigned()
  const memoryKind = 2
  return Buffer.concat([
    unsigned(count + 1),
    body.subarray(cursor.offset),
    name('env'),
    name('memory'),
    Buffer.of(memoryKind, 0),
    unsigned(pages),
  ])
}

function onlyExports(body: Uint8Array, kept: readonly string[]): Buffer {
  const cursor = new Cursor(body, 0)
  const found = new Map<string, Uint8Array>()
  for (let left = cursor.unsigned(); left > 0; left--) {
    const start = cursor.offset
    const key = Buffer.from(cursor.take(cursor.unsigned())).toString('utf8')
    cursor.byte()
    cursor.unsigned()
    found.set(key, body.subarray(start, cursor.offset))
  }
  const entries = kept.map((key) => {
    const entry = found.get(key)
    if (entry === undefined) throw new TypeError(`The engine does not export ${key}`)
    return entry
  })
  return Buffer.concat([unsigned(entries.length), ...entries])
}

function name(text: string): Buffer {
  return Buffer.concat([unsigned(text.length), Buffer.from(text)])
}

function unsigned(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.of(...bytes, rest)
    bytes.push((rest & 0x7f) | 0x80)
  }
}
