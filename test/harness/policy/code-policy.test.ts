import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { CodePolicy, type CodePolicyOptions } from '../../../harness/policy/code-policy.ts'
import { allowedModules } from '../../../harness/policy/evaluate-policies.ts'
import { pureModules } from '../../../harness/policy/pure-modules.ts'
import type { Tool } from '../../../harness/sandbox/tool-host.ts'
import { context, programFrom } from './policy-for-test.ts'

const schema = { jsonSchema: {}, validate: () => ({ ok: true, value: null }) as const }
const toolCalled = (name: string, readOnly: boolean): Tool => ({
  name,
  description: '',
  input: schema,
  readOnly,
  idempotent: false,
  run: async () => null,
})
const tools = [toolCalled('sql', true), toolCalled('refund', false), toolCalled('get_page', true)]
const granted = { ...context, tools: new Map(tools.map((tool) => [tool.name, tool])) }

function judge(source: string, options: CodePolicyOptions = {}) {
  const policy = new CodePolicy(options)
  const toolNames = tools.map(({ name }) => name)
  const program = programFrom(source, {}, { modules: allowedModules([policy]), toolNames })
  return { program, findings: policy.evaluateProgram(program, granted) }
}

const STATS = 'export const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length'
const modules = await pureModules({ stats: STATS })

describe('CodePolicy', () => {
  it.each([
    [`import fs from 'node:fs'\nreturn fs`, 'module-not-allowed'],
    [`return await import('node:fs')`, 'module-not-allowed'],
    [`return eval('1')`, 'code-from-text'],
    [`setTimeout('x()', 1)`, 'code-from-text'],
  ])('denies %j where static analysis did not', (source, ruleId) => {
    const program = { ...programFrom(source), findings: [] }
    expect(new CodePolicy().evaluateProgram(program, context)).toMatchObject([
      { ruleId, source: 'CodePolicy', severity: 'violation', line: 1 },
    ])
  })

  it.each([`return await import('node:fs')`, `return eval('1')`])(
    'does not repeat what static analysis has found in %j',
    (source) => {
      const { program, findings } = judge(source)
      expect(program.findings).toHaveLength(1)
      expect(findings).toEqual([])
    },
  )

  it('denies a program with more lines than allowed', () => {
    expect(judge('const a = 1\nreturn a\n', { maxLines: 2 }).findings).toEqual([])
    expect(judge('const a = 1\n\nreturn a', { maxLines: 2 }).findings).toMatchObject([
      { ruleId: 'max-lines', severity: 'violation' },
    ])
  })

  it.each([
    { allowedModules: ['lodash'] },
    { allowedModules: 'lodash' },
    { allowedModules: ['stats'], modules: [{ name: 'other', code: '1', exports: [] }] },
    { modules: { stats: STATS } },
    { modules: [{ name: 'stats' }] },
    { modules: [null] },
    { deniedModules: 'stats' },
    { networkTools: [1] },
    { allowEval: true },
    { allowDynamicImport: true },
    { allowNetwork: 'no' },
    { allowWrites: 1 },
    { mode: 'watch' },
    { maxLines: 0 },
    { maxLines: 1.5 },
    { maxLine: 10 },
  ])('refuses the options %o', (options) => {
    expect(() => Reflect.construct(CodePolicy, [options])).toThrow(ConfigurationError)
  })

  it('takes an empty list of modules', () => {
    expect(new CodePolicy({ allowedModules: [] }).modules).toEqual([])
  })
})

describe('tools under a CodePolicy', () => {
  const call = (name: string) => {
    const tool = tools.find((each) => each.name === name)
    if (tool === undefined) throw new Error('There is such a tool')
    return { tool, argument: {} }
  }

  it.each([
    [{ allowWrites: false }, 'refund', 'write-not-allowed'],
    [{ networkTools: ['get_page'] }, 'get_page', 'network-not-allowed'],
    [{ networkTools: ['get_page'], allowNetwork: false }, 'get_page', 'network-not-allowed'],
  ])('are denied by %o: %s', (options, name, ruleId) => {
    const { findings } = judge(`await tools.sql({})\nreturn tools.${name}({})`, options)
    expect(findings).toMatchObject([{ ruleId, severity: 'violation', line: 2 }])
    expect(new CodePolicy(options).evaluateToolCall(call(name))).toMatchObject([{ ruleId }])
    expect(new CodePolicy(options).evaluateToolCall(call('sql'))).toEqual([])
  })

  it.each([
    [{}, 'refund'],
    [{ allowWrites: true }, 'refund'],
    [{ networkTools: ['get_page'], allowNetwork: true }, 'get_page'],
    [{ allowNetwork: false }, 'get_page'],
  ])('are allowed by %o: %s', (options, name) => {
    expect(judge(`return tools.${name}({})`, options).findings).toEqual([])
    expect(new CodePolicy(options).evaluateToolCall(call(name))).toEqual([])
  })

  it('are judged at the gate when their name is computed', () => {
    expect(judge('return tools[data.name]({})', { allowWrites: false }).findings).toEqual([])
  })
})

describe('modules under a CodePolicy', () => {
  const options = { modules, allowedModules: ['stats'] }
  const source = `import { mean } from 'stats'\nreturn mean(data)`

  it('are part of the program that imports them', () => {
    const { program, findings } = judge(source, options)
    expect(program.findings).toEqual([])
    expect(findings).toEqual([])
    expect(program.code).toContain('list.reduce')
    expect(program.facts.imports).toEqual([
      { specifier: 'stats', isRegistered: true, line: 1, column: 1 },
    ])
  })

  it('are denied by a policy that denies them, and by one whose list leaves them out', () => {
    const { program } = judge(source, options)
    for (const other of [{ deniedModules: ['stats'] }, { allowedModules: [] }]) {
      expect(new CodePolicy(other).evaluateProgram(program, context)).toMatchObject([
        { ruleId: 'module-not-allowed', line: 1 },
      ])
    }
    expect(new CodePolicy({ maxLines: 9 }).evaluateProgram(program, context)).toEqual([])
  })

  it('cannot be imported where no policy allows them', () => {
    expect(judge(source, {}).program.findings).toMatchObject([{ ruleId: 'no-forbidden-import' }])
  })
})

describe('pureModules', () => {
  it.each([
    { stats: `import fs from 'node:fs'\nexport default fs` },
    { stats: 'export default process.env' },
    { stats: 'export default (' },
    { stats: 7 },
    { 'a b': STATS },
  ])('refuses %o', async (sources) => {
    await expect(Reflect.apply(pureModules, null, [sources])).rejects.toThrow(ConfigurationError)
  })
})
