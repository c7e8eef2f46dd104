import type { Random } from './random.ts'

/** One message of a child, before it is written down: a header and, for some, a payload. */
export interface Said {
  readonly header: unknown
  /** JSON text, or what a hostile child sends instead. */
  readonly payload?: string
}

/** The names that the programs of the fuzz are granted. */
export const GRANTED: readonly string[] = ['echo', 'read_file']

const LEVELS = ['debug', 'log', 'info', 'warn', 'error']
const USAGE = { cpuUs: 10, memoryBytes: 1000 }

/**
 * What an honest child says of one program: some stretches that each end with waiting for an answer,
 * and a last one with an ending. The host speaks between them.
 */
export function honestConversation(random: Random, run: number): readonly (readonly Said[])[] {
  const stretches: Said[][] = []
  let seq = 0
  for (let i = random.below(3); i > 0; i--) {
    const stretch = chatter(random, run)
    for (let calls = 1 + random.below(2); calls > 0; calls--) {
      const header = { type: 'call', run, seq: seq++, name: random.pick(GRANTED) }
      stretch.push({ header, payload: JSON.stringify({ i: random.below(100) }) })
    }
    stretch.push({ header: { type: 'parked', run, wakeInMs: null, usage: USAGE } })
    stretches.push(stretch)
  }
  stretches.push([...chatter(random, run), ending(random, run)])
  return stretches
}

function chatter(random: Random, run: number): Said[] {
  const said: Said[] = []
  if (random.oneIn(2)) {
    const header = { type: 'console', run, level: random.pick(LEVELS), isTruncated: false }
    said.push({ header, payload: JSON.stringify('a line') })
  }
  if (random.oneIn(3))
    said.push({ header: { type: 'progress', run, done: 1, total: 2, label: 'x' } })
  return said
}

function ending(random: Random, run: number): Said {
  const error = { name: 'Error', message: 'thrown', line: 1, column: 2 }
  return random.pick<Said>([
    { header: { type: 'returned', run, usage: USAGE }, payload: JSON.stringify({ answer: 42 }) },
    { header: { type: 'returned', run, usage: USAGE }, payload: '7' },
    { header: { type: 'threw', run, usage: USAGE, error } },
    { header: { type: 'bad-output', run, usage: USAGE, detail: 'is a function' } },
    { header: { type: 'limit', run, usage: USAGE, limit: 'maxOutputBytes' } },
  ])
}

/** Messages as bytes: each text behind its length. */
export function asBytes(said: readonly Said[]): Buffer {
  return Buffer.concat(
    said.flatMap(({ header, payload }) => [
      frame(JSON.stringify(header) ?? ''),
      ...(payload === undefined ? [] : [frame(payload)]),
    ]),
  )
}

/** One frame, whatever is in it. */
export function frame(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
