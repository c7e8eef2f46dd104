/**
 * Reads a body of a stranger to its end, counting while it reads, so that a chunked body cannot grow
 * past the limit either.
 *
 * @param maxBytes - Most bytes that are kept.
 * @returns The bytes, or `null` as soon as there are more than `maxBytes`; the rest is not read.
 */
export async function readBoundedBody(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks, size)
    size += value.byteLength
    if (size > maxBytes) {
      // Not awaited: a sender that never reacts must not hold the answer back.
      reader.cancel().catch(() => {})
      return null
    }
    chunks.push(value)
  }
}
