import { describe, expect, it } from 'vitest'
import { read, readOk } from './read-for-test.ts'

describe('what a program tells the host', () => {
  it('is bounded where it calls tools without end, and then says any tool', () => {
    const { toolUses } = readOk('await tools.sql({})\n'.repeat(3_000)).facts
    expect(toolUses).toHaveLength(1_001)
    expect(toolUses.at(-1)).toMatchObject({
      tool: '*',
      isConstant: false,
      isSingle: false,
      line: 1_001,
    })
  })

  it('is bounded where it repeats one long constant argument', () => {
    const source = `const query = '${'x'.repeat(60_000)}'\n${'await tools.sql({ query })\n'.repeat(500)}`
    const { toolUses } = readOk(source).facts
    expect(toolUses).toHaveLength(500)
    expect(toolUses[0]).toMatchObject({ isConstant: true })
    expect(toolUses.at(-1)).toMatchObject({ constantArguments: {}, isConstant: false })
    expect(JSON.stringify(toolUses).length).toBeLessThan(700_000)
  })

  it('is bounded where everything is wrong, and keeps the violations', () => {
    const source = `${'tools.sql({}).rows\n'.repeat(2_000)}return process`
    const { findings } = readOk(source)
    expect(findings.length).toBeLessThanOrEqual(100)
    expect(findings.filter(({ severity }) => severity === 'violation')).toMatchObject([
      { ruleId: 'no-unknown-global', line: 2_001 },
    ])
  })

  it('does not repeat long names of the program', () => {
    const name = 'a'.repeat(100_000)
    const { findings } = readOk(`return ${name} + tools.${name}({})`)
    expect(findings).toHaveLength(2)
    expect(JSON.stringify(findings).length).toBeLessThan(1_000)
  })

  it.each([
    ['return 1', 1],
    ['return 1\n\n\n', 1],
    ['const a = 1\n\nreturn a\n', 3],
    ['\n\nreturn 1', 3],
  ])('counts the lines of %j', (source, lineCount) => {
    expect(readOk(source).facts.lineCount).toBe(lineCount)
  })

  it('has positions in proportion to what was changed, not to the length', () => {
    expect(readOk(`return 1\n${'\n'.repeat(100_000)}`).positions.length).toBeLessThan(20)
  })
})

describe('growth', () => {
  const part = (n: number) => `const a${n} = [${n}, 'x' + ${n}].map((x) => ({ x, y: data[x] }))\n`
  const hostile: Readonly<Record<string, (count: number) => string>> = {
    statements: (count) => Array.from({ length: count }, (_, n) => part(n)).join(''),
    'unknown names': (count) => Array.from({ length: count * 6 }, (_, n) => `x${n}()\n`).join(''),
    'one object given to many tools': (count) =>
      `const a = { query: 'x' }\n${'await tools.sql(a)\n'.repeat(count * 3)}`,
    'one name that many lookups share': (count) =>
      `const get = (o, k) => o[k]\n${'get(data, data)\n'.repeat(count * 3)}`,
    'constants built from one another': (count) =>
      `const a0 = 'x'\n${Array.from({ length: count }, (_, n) => `const a${n + 1} = a${n} + 'y'\n`).join('')}return data[a${count}]`,
    'nested loops': (count) =>
      `${'for (;;) {'.repeat(80)}${'data.x()\n'.repeat(count * 4)}${'}'.repeat(80)}`,
    imports: (count) =>
      `${Array.from({ length: count }, (_, n) => `import a${n} from 'b'\n`).join('')}return 1`,
    'invisible characters': (count) => "'\u202E' + \u3164\n".repeat(count * 4),
    'line ends nobody sees': (count) => `\u2028'x'\n`.repeat(count * 4),
    'functions that look at their arguments': (count) =>
      `function f(t) { return arguments }\n${'f(tools)\n'.repeat(count * 3)}`,
    'dollar signs': (count) => `export default () => 1\n// entry${'$'.repeat(count * 20)}`,
  }

  it.each(Object.entries(hostile))('is in proportion to the text for %s', (_name, make) => {
    // Processor time: the clock of a busy machine says little.
    const timeOf = (count: number) => {
      const source = make(count)
      const before = process.threadCpuUsage()
      read(source)
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    }
    timeOf(200)
    const small = Math.min(timeOf(500), timeOf(500), timeOf(500))
    const large = Math.min(timeOf(2_000), timeOf(2_000), timeOf(2_000))
    // Four times the text; what grows with the square would take sixteen times as long.
    expect(large).toBeLessThan(Math.max(small, 2_000) * 10)
  })
})
