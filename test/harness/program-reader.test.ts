import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProgramReader, type ReadRequest } from '../../harness/program-reader.ts'

const reader = new ProgramReader()

beforeAll(() => reader.warm())
afterAll(() => reader.close())

function read(source: string, options: Partial<ReadRequest> = {}) {
  return reader.read({
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

  it.each([{ memoryMb: 0 }, { deadlineMs: -1 }, { deadlineMs: Number.NaN }])(
    'refuses the options %o',
    (options) => {
      expect(() => new ProgramReader(options)).toThrow(RangeError)
    },
  )
})

const nested = (open: string, close: string, count: number) =>
  `return ${open.repeat(count)}1${close.repeat(count)}`

const hostile: Readonly<Record<string, readonly [string, Partial<ReadRequest>]>> = {
  'nested type assertions': [
    `const x = ${'<T>('.repeat(26)}1${')'.repeat(26)}; return x`,
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
  '8 MB of statements': ['x=1;'.repeat(2_000_000), { maxProgramBytes: 16_000_000 }],
  '8 MB of statements in TypeScript': [
    'x=1;'.repeat(2_000_000),
    { maxProgramBytes: 16_000_000, language: 'ts' },
  ],
}

describe('hostile text', () => {
  it.each(Object.entries(hostile))('is refused in time: %s', async (_name, [source, options]) => {
    let longestGapMs = 0
    let last = performance.now()
    const heartbeat = setInterval(() => {
      longestGapMs = Math.max(longestGapMs, performance.now() - last)
      last = performance.now()
    }, 10)
    const started = performance.now()
    const answer = await read(source, options)
    clearInterval(heartbeat)
    expect(answer).toMatchObject({
      ok: false,
      code: expect.stringMatching(/^ERR_(PROGRAM_SYNTAX|SANDBOX_LIMIT|SANDBOX_TIMEOUT)$/),
      findings: [{ severity: 'violation', message: expect.any(String), hint: expect.any(String) }],
    })
    // The reader's deadline is one second; the rest is for a machine that is busy with other tests.
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(longestGapMs).toBeLessThan(2_000)
    // The next program, of somebody else, is read as ever.
    expect(await read('enum A { x }\nreturn A.x', { language: 'ts' })).toMatchObject({
      ok: true,
    })
  })
})
