// Table: what a subverted child may do to a conversation, and the texts it may put into it.
import { asBytes, frame, GRANTED, type Said } from './conversation.ts'
import type { Random } from './random.ts'

type Fields = Readonly<Record<string, unknown>>

const TYPES = [
  'call',
  'console',
  'progress',
  'parked',
  'returned',
  'bad-output',
  'limit',
  'threw',
  'ready',
  'boot',
  'run',
  'answer',
  'wake',
  'drop',
  'result',
  'constructor',
  '__proto__',
  'toString',
  '',
]

const UNGRANTED = [
  'admin_delete',
  'constructor',
  '__proto__',
  'toString',
  'Echo',
  'echo ',
  '',
  'x'.repeat(500),
]

const JUNK: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e300,
  2 ** 53,
  4_294_967_296,
  '',
  '0',
  'x'.repeat(10_000),
  [],
  {},
  [0],
  { valueOf: 1 },
  { length: 1e9 },
]

const PAYLOADS: readonly string[] = [
  '',
  '{',
  'FORGED',
  '"FORGED"',
  'null',
  'undefined',
  '{"__proto__":{"polluted":1}}',
  '['.repeat(301) + ']'.repeat(301),
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '['.repeat(100_000),
  JSON.stringify('x'.repeat(100_000)),
  '"\\ud800"',
  '\u0000',
  '1e999',
  '{}{}',
  `{"type":"returned","run":0,"usage":{"cpuUs":1,"memoryBytes":1}}`,
]

type SaidMutation = (random: Random, said: Said[], at: number) => void
type ByteMutation = (random: Random, bytes: Buffer) => Buffer

const SAID_MUTATIONS: readonly SaidMutation[] = [
  // One field is something else, is gone, or is one too many.
  (random, said, at) =>
    changeHeader(said, at, (fields) => setOne(random, fields, random.pick(JUNK))),
  (random, said, at) => changeHeader(said, at, (fields) => removeOne(random, fields)),
  (_random, said, at) => changeHeader(said, at, withPrototype),
  (random, said, at) =>
    changeHeader(said, at, (fields) => ({ ...fields, type: random.pick(TYPES) })),
  // Another program, another place, another tool.
  (random, said, at) =>
    changeHeader(said, at, (fields) => ({
      ...fields,
      run: Number(fields['run']) + random.below(5) - 2,
    })),
  (random, said, at) =>
    changeHeader(said, at, (fields) => ({
      ...fields,
      seq: Number(fields['seq'] ?? 0) + random.below(5) - 2,
    })),
  (random, said, at) => {
    const run = (said[at]?.header as Fields | undefined)?.['run']
    const header = { type: 'call', run, seq: random.below(3), name: random.pick(UNGRANTED) }
    said.splice(at, 0, { header, payload: '{}' })
  },
  // Endings that are forged, for this program and for others, and what comes after an ending.
  (random, said, at) => said.splice(at, 0, forgedEnding(random)),
  (random, said) => said.push(forgedEnding(random), forgedEnding(random)),
  (random, said) => {
    const header = { type: 'call', run: random.below(3), seq: 0, name: random.pick(GRANTED) }
    said.push({ header, payload: '{}' })
  },
  // Out of order, twice, or not at all.
  (_random, said, at) => said.splice(at, 0, said[at] as Said),
  (_random, said, at) => said.splice(at, 1),
  (_random, said) => said.reverse(),
  (random, said) => {
    const flood = said[random.below(said.length)] as Said
    for (let i = 0; i < 50; i++) said.push(flood)
  },
  // The payload is another, is missing, or stands where none belongs.
  (random, said, at) => setPayload(said, at, random.pick(PAYLOADS)),
  (_random, said, at) => {
    said[at] = { header: said[at]?.header }
  },
  // A header that is no object at all.
  (random, said, at) => {
    said[at] = { header: random.pick([null, 1, 'call', [said[at]?.header], true]) }
  },
]

const BYTE_MUTATIONS: readonly ByteMutation[] = [
  (random, bytes) => {
    for (let i = 1 + random.below(8); i > 0; i--)
      bytes[random.below(bytes.length)] = random.below(256)
    return bytes
  },
  (random, bytes) => {
    const at = random.below(bytes.length)
    return Buffer.concat([
      bytes.subarray(0, at),
      random.bytes(random.below(20)),
      bytes.subarray(at),
    ])
  },
  (random, bytes) => {
    const at = random.below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(20))])
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  // The length lies: by one, or altogether.
  (random, bytes) => {
    if (bytes.length < 4) return random.bytes(3)
    const length = bytes.readUInt32BE(0)
    bytes.writeUInt32BE(
      random.pick([0, length - 1, length + 1, 65_537, 2 ** 31, 2 ** 32 - 1, random.word()]),
      0,
    )
    return bytes
  },
  (random) => random.bytes(1 + random.below(200)),
  (random) => Buffer.concat([frame(random.bytes(1 + random.below(50))), frame('{}')]),
  (_random, bytes) => Buffer.concat([bytes, frame(Buffer.from([0xc3, 0x28]))]),
]

/** A stretch of a conversation as a subverted child would send it. Never the honest one by intention. */
export function hostileBytes(random: Random, said: readonly Said[]): Buffer {
  if (random.oneIn(3)) return random.pick(BYTE_MUTATIONS)(random, asBytes(said))
  const changed = [...said]
  for (let i = 1 + random.below(2); i > 0 && changed.length > 0; i--) {
    random.pick(SAID_MUTATIONS)(random, changed, random.below(changed.length))
  }
  const bytes = asBytes(changed)
  return random.oneIn(5) && bytes.length > 0 ? random.pick(BYTE_MUTATIONS)(random, bytes) : bytes
}

function forgedEnding(random: Random): Said {
  const usage = { cpuUs: 0, memoryBytes: 0 }
  const run = random.below(4)
  const header = { type: random.pick(['returned', 'returned', 'threw', 'limit']), run, usage }
  return { header, payload: '"FORGED"' }
}

function changeHeader(said: Said[], at: number, change: (fields: Fields) => unknown): void {
  const old = said[at]
  if (old === undefined || typeof old.header !== 'object' || old.header === null) return
  said[at] = { ...old, header: change(old.header as Fields) }
}

function setPayload(said: Said[], at: number, payload: string): void {
  said[at] = { header: said[at]?.header, payload }
}

function setOne(random: Random, fields: Fields, value: unknown): Fields {
  return { ...fields, [random.pick(Object.keys(fields).concat('type'))]: value }
}

function removeOne(random: Random, fields: Fields): Fields {
  const gone = random.pick(Object.keys(fields).concat('type'))
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== gone))
}

/** A field of that name, which a literal would turn into the prototype. */
function withPrototype(fields: Fields): Fields {
  const value = { run: 0, seq: 0, name: 'echo' }
  return Object.defineProperty({ ...fields }, '__proto__', { value, enumerable: true })
}
