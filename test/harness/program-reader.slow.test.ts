import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProgramReader, type ReadRequest } from '../../harness/program-reader.ts'

const reader = new ProgramReader()

beforeAll(() => reader.warm())
afterAll(() => reader.close())

function read(source: string, options: Partial<ReadRequest> = {}, from = reader) {
  return from.read({
    source,
    language: 'js',
    toolNames: ['sql'],
    maxProgramBytes: 262_144,
    ...options,
  })
}

describe('ProgramReader', () => {
  it('gives a program with facts, findings and the hash of what runs', async () => {
    const answer = await read(`return tools.sql({ query: 'SELECT 1' })`)
    if (!answer.ok) throw new Error('The text is a program')
    const { program } = answer
    expect(program.facts.toolUses).toMatchObject([
      { tool: 'sql', constantArguments: { query: 'SELECT 1' }, isSingle: true },
    ])
    expect(program.findings).toEqual([])
    expect(program.hash).toBe(createHash('sha256').update(program.code).digest('hex'))
    expect(program.source).toBe(`return tools.sql({ query: 'SELECT 1' })`)
  })

  it('reads equal text to equal programs', async () => {
    expect(await read('return data')).toEqual(await read('return data'))
  })

  it('reports what rules found and leaves the decision to others', async () => {
    expect(await read('return process.env')).toMatchObject({
      ok: true,
      program: { findings: [{ ruleId: 'no-unknown-global', line: 1, column: 8 }] },
    })
  })

  it('leaves the rules out when told to, not the facts', async () => {
    expect(await read('return process.env[tools.sql]', { skipRules: true })).toMatchObject({
      ok: true,
      program: { findings: [], facts: { toolUses: [{ tool: 'sql' }] } },
    })
  })

  it('makes imported modules part of the program and of its hash', async () => {
    const module = { name: 'stats', code: '({ one: 1 })', exports: ['one'] }
    const source = `import { one } from 'stats'\nreturn one`
    const answer = await read(source, { modules: [module] })
    if (!answer.ok) throw new Error('The text is a program')
    expect(answer.program.findings).toEqual([])
    expect(answer.program.code).toContain('({ one: 1 })')
    const other = await read(source, { modules: [{ ...module, code: '({ one: 2 })' }] })
    if (!other.ok) throw new Error('The text is a program')
    expect(other.program.hash).not.toBe(answer.program.hash)
    expect(await read(source)).toMatchObject({
      program: { findings: [{ ruleId: 'no-forbidden-import' }] },
    })
  })

  it('refuses a program over the limit without parsing it', async () => {
    expect(await read('x'.repeat(5_000_000))).toMatchObject({
      ok: false,
      code: 'ERR_SANDBOX_LIMIT',
      findings: [{ ruleId: 'program-size' }],
    })
  })

  it('says that a run was aborted while its program was read', async () => {
    const answer = await read('return 1', { signal: AbortSignal.abort() })
    expect(answer).toMatchObject({ ok: false, findings: [{ ruleId: 'parser-aborted' }] })
  })

  it.each([
    { memoryMb: 0 },
    { deadlineMs: -1 },
    { deadlineMs: Number.NaN },
    { maxChildren: 0 },
    { maxQueued: -1 },
  ])('refuses the options %o', (options) => {
    expect(() => new ProgramReader(options)).toThrow(RangeError)
  })
})

const nested = (open: string, close: string, count: number) =>
  `return ${open.repeat(count)}1${close.repeat(count)}`

const hostile: Readonly<Record<string, readonly [string, Partial<ReadRequest>]>> = {
  'nested type assertions': [
    `const x = ${'<T>('.repeat(26)}1${')'.repeat(26)}; return x`,
    { language: 'ts' },
  ],
  'exponential type arguments': [
    `const x: ${'A<'.repeat(60)}B${'>'.repeat(60)} = ${'f<T>(<T>('.repeat(30)}1${'))'.repeat(30)}`,
    { language: 'ts' },
  ],
  'nested generic arrows in JavaScript': [
    `return ${'<T>(x = '.repeat(24)}1${') => x'.repeat(24)}`,
    {},
  ],
  '20 000 nested parentheses': [nested('(', ')', 20_000), {}],
  '20 000 nested arrays in TypeScript': [nested('[', ']', 20_000), { language: 'ts' }],
  '20 000 nested arrow functions': [`return ${'a=>'.repeat(20_000)}1`, {}],
  '100 000 negations': [`return ${'!'.repeat(100_000)}1`, {}],
  '100 000 negations in TypeScript': [`return ${'!'.repeat(100_000)}1`, { language: 'ts' }],
  'a chain of 60 000 additions': [`return 1${'+1'.repeat(60_000)}`, {}],
  'a chain of 60 000 members': [`return data${'.a'.repeat(60_000)}`, {}],
  'templates nested 2 000 deep': [`return ${'`${'.repeat(2_000)}1${'}`'.repeat(2_000)}`, {}],
  'a literal that is never closed': [`return '${'x'.repeat(250_000)}`, {}],
  'a malformed regular expression of 250 KB': [`return /${'(a'.repeat(120_000)}/`, {}],
  '5 MB of text': ['x=1;'.repeat(1_250_000), {}],
  '5 MB in one literal': [`return '${'x'.repeat(5_000_000)}'`, {}],
  '8 MB of statements': ['x=1;'.repeat(2_000_000), { maxProgramBytes: 16_000_000 }],
  '8 MB of statements in TypeScript': [
    'x=1;'.repeat(2_000_000),
    { maxProgramBytes: 16_000_000, language: 'ts' },
  ],
}

/** Long and odd, and nothing against it but rules. */
const heavy: Readonly<Record<string, readonly [string, Partial<ReadRequest>]>> = {
  'a literal of 250 KB': [`return '${'x'.repeat(250_000)}'.length`, {}],
  'a literal of 250 KB in TypeScript': [
    `return '${'x'.repeat(250_000)}'.length`,
    { language: 'ts' },
  ],
  'a regular expression of 250 KB': [`return /${'a|b'.repeat(83_000)}/.test(data)`, {}],
  'repeated groups in a regular expression': [`return /${'(a+)+'.repeat(20_000)}$/.test(data)`, {}],
  '250 KB of statements': ['data.x=1;\n'.repeat(25_000), {}],
  '250 KB of statements in TypeScript': ['data.x=1;\n'.repeat(25_000), { language: 'ts' }],
  '250 KB of tool calls': ['await tools.sql({});\n'.repeat(12_000), {}],
  '250 KB of unknown names': ['f(x);\n'.repeat(40_000), {}],
  '250 KB of empty lines': [`return 1${'\n'.repeat(250_000)}`, {}],
  '250 KB of comments': [`return 1${'\n//'.repeat(80_000)}`, {}],
}

/** Reads a text while a timer watches how long the host did nothing else. */
async function watched(source: string, options: Partial<ReadRequest>) {
  let longestTaskMs = 0
  let before = process.threadCpuUsage()
  // Processor time of this thread: the clock of a busy machine would blame the reader for others.
  const heartbeat = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    longestTaskMs = Math.max(longestTaskMs, (user + system) / 1_000)
    before = process.threadCpuUsage()
  }, 1)
  const started = performance.now()
  const answer = await read(source, options)
  clearInterval(heartbeat)
  return { answer, longestTaskMs, elapsedMs: performance.now() - started }
}

describe('hostile text', () => {
  it.each(Object.entries(hostile))('is refused in time: %s', async (_name, [source, options]) => {
    const { answer, elapsedMs } = await watched(source, options)
    expect(answer).toMatchObject({
      ok: false,
      code: expect.stringMatching(/^ERR_(PROGRAM_SYNTAX|SANDBOX_LIMIT|SANDBOX_TIMEOUT)$/),
      findings: [{ severity: 'violation', message: expect.any(String), hint: expect.any(String) }],
    })
    expect(answer).not.toMatchObject({ findings: [{ ruleId: 'parser-crashed' }] })
    // The reader's deadline is one second; the rest is for a machine that is busy with other tests.
    expect(elapsedMs).toBeLessThan(10_000)
    // The next program, of somebody else, is read as ever.
    expect(await read('enum A { x }\nreturn A.x', { language: 'ts' })).toMatchObject({
      ok: true,
    })
  })

  it.each(Object.entries(heavy))('has an answer: %s', async (_name, [source, options]) => {
    const { answer, elapsedMs } = await watched(source, options)
    expect(answer).not.toMatchObject({ findings: [{ ruleId: 'parser-crashed' }] })
    expect(JSON.stringify(answer).length).toBeLessThan(4_000_000)
    expect(elapsedMs).toBeLessThan(10_000)
  })

  // With a limit of bytes that is far above the usual one, sending the text takes longer.
  const usual = Object.entries({ ...hostile, ...heavy }).filter(
    ([, [, { maxProgramBytes }]]) => maxProgramBytes === undefined,
  )

  it.each(usual)('does not keep the host from its work: %s', async (_name, [source, options]) => {
    let { longestTaskMs } = await watched(source, options)
    // The first time the host's own code is not compiled yet.
    if (longestTaskMs > 20) longestTaskMs = (await watched(source, options)).longestTaskMs
    expect(longestTaskMs).toBeLessThan(20)
  })
})

describe('a reader that is busy', () => {
  // Takes the whole deadline, and the child with it.
  const slow = `const x = ${'<T>('.repeat(26)}1${')'.repeat(26)}; return x`
  const readSlow = (from: ProgramReader, options: Partial<ReadRequest> = {}) =>
    read(slow, { language: 'ts', ...options }, from)

  it('reads the text of one caller soon, whatever another has waiting', async () => {
    const busy = new ProgramReader({ deadlineMs: 500 })
    await read('return 1', {}, busy)
    let slowOnesRead = 0
    const backlog = Array.from({ length: 12 }, async () => {
      const answer = await readSlow(busy, { fairKey: 'mallory' })
      slowOnesRead += 1
      return answer
    })
    expect(await read('return 1', { fairKey: 'alice' }, busy)).toMatchObject({ ok: true })
    // The two that were being read had to end first; more are for a machine that is busy.
    expect(slowOnesRead).toBeLessThanOrEqual(4)
    await busy.close()
    await Promise.all(backlog)
  })

  it('reads a second text while the first takes its time', async () => {
    const busy = new ProgramReader({ deadlineMs: 5_000 })
    const abort = new AbortController()
    const first = readSlow(busy, { signal: abort.signal })
    expect(await read('return 1', {}, busy)).toMatchObject({ ok: true })
    abort.abort()
    expect(await first).toMatchObject({ ok: false, findings: [{ ruleId: 'parser-aborted' }] })
    await busy.close()
  })

  it('says so when the time of a run is over before it is its turn', async () => {
    const busy = new ProgramReader({ maxChildren: 1 })
    const first = readSlow(busy)
    expect(await read('return 1', { deadlineMs: 100 }, busy)).toMatchObject({
      ok: false,
      code: 'ERR_SANDBOX_TIMEOUT',
      findings: [{ ruleId: 'parser-waited', message: 'Reading programs is busy; try again' }],
    })
    expect(await first).toMatchObject({ ok: false, findings: [{ ruleId: 'parser-deadline' }] })
    await busy.close()
  })

  it('blames the text when the time of a run is over while it is read', async () => {
    expect(await readSlow(reader, { deadlineMs: 300 })).toMatchObject({
      ok: false,
      code: 'ERR_SANDBOX_TIMEOUT',
      findings: [{ ruleId: 'parser-deadline' }],
    })
  })

  it('takes a longer time than a timer can count for no limit', async () => {
    expect(await read('return 1', { deadlineMs: Number.MAX_VALUE })).toMatchObject({ ok: true })
  })

  it('refuses a text that finds the queue full', async () => {
    const busy = new ProgramReader({ maxChildren: 1, maxQueued: 1 })
    const others = [readSlow(busy), read('return 1', {}, busy)]
    expect(await read('return 1', {}, busy)).toMatchObject({
      ok: false,
      code: 'ERR_OVERLOADED',
      findings: [{ ruleId: 'parser-overloaded' }],
    })
    await busy.close()
    await Promise.all(others)
  })

  it('does not read what waits when it is closed', async () => {
    const busy = new ProgramReader({ maxChildren: 1 })
    const others = [readSlow(busy), read('return 1', {}, busy)]
    await busy.close()
    const [, waiting] = await Promise.all(others)
    expect(waiting).toMatchObject({ ok: false, findings: [{ ruleId: 'parser-aborted' }] })
  })
})
