import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../harness/json-value.ts'
import type { SchemaAnswer, ToolSchema } from '../../../harness/sandbox/tool-host.ts'
import { OutputTypeValidator } from '../../../harness/validation/output-type.ts'
import { runOutput } from './run-output.ts'

const cycle: unknown[] = []
cycle.push(cycle)

const withheld: Record<string, unknown> = {
  undefined: undefined,
  'a number JSON cannot say': { a: [Number.NaN] },
  'a function': { a: () => 1 },
  'a date': new Date(0),
  'a map': new Map(),
  'a hole in an array': new Array(2),
  'a bigint': 1n,
  'a cycle': cycle,
}

const letOut: Record<string, JsonValue> = {
  null: null,
  'a text': 'x',
  'an empty list': [],
  'nested data': { a: [{ b: [1, 'x', true, null] }] },
  'a property called __proto__': JSON.parse('{"__proto__": {"a": 1}}'),
  '100 000 levels': JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
}

describe('OutputTypeValidator', () => {
  for (const [name, value] of Object.entries(withheld)) {
    it(`withholds ${name}`, async () => {
      const output = { ...runOutput(), value: value as JsonValue }
      expect(await new OutputTypeValidator().validate(output)).toMatchObject([
        { ruleId: 'output-not-json', severity: 'violation' },
      ])
    })
  }

  for (const [name, value] of Object.entries(letOut)) {
    it(`lets out ${name}`, async () => {
      const output = { ...runOutput(), value }
      expect(await new OutputTypeValidator().validate(output)).toEqual([])
    })
  }

  function answering(answer: SchemaAnswer): ToolSchema {
    return { jsonSchema: {}, validate: () => answer }
  }

  it('lets out what fits the schema', async () => {
    const schema = answering({ ok: true, value: 1 })
    expect(await new OutputTypeValidator({ schema }).validate(runOutput())).toEqual([])
  })

  it('withholds what does not, one finding for each problem', async () => {
    const schema = answering({ ok: false, problems: ['total is missing', 'rows is no list'] })
    const findings = await new OutputTypeValidator({ schema }).validate(runOutput())
    expect(findings.map(({ message }) => message)).toEqual(['total is missing', 'rows is no list'])
  })

  it('withholds what a schema refuses without a reason', async () => {
    const schema = answering({ ok: false, problems: [] })
    expect(await new OutputTypeValidator({ schema }).validate(runOutput())).toHaveLength(1)
  })

  it('bounds what it says', async () => {
    const schema = answering({
      ok: false,
      problems: Array.from({ length: 999 }, () => 'x'.repeat(9_999)),
    })
    const findings = await new OutputTypeValidator({ schema }).validate(runOutput())
    expect(JSON.stringify(findings).length).toBeLessThan(10_000)
  })
})
