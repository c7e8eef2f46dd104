import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import { CodePolicy } from '../../../harness/policy/code-policy.ts'
import { programFrom } from './policy-for-test.ts'

describe('CodePolicy', () => {
  it.each([`import fs from 'node:fs'\nreturn fs`, `return await import('node:fs')`])(
    'denies %j where static analysis did not',
    (source) => {
      const program = { ...programFrom(source), findings: [] }
      expect(new CodePolicy().evaluateProgram(program)).toMatchObject([
        { ruleId: 'module-not-allowed', source: 'CodePolicy', severity: 'violation', line: 1 },
      ])
    },
  )

  it('does not repeat what static analysis has found', () => {
    const program = programFrom(`return await import('node:fs')`)
    expect(program.findings).toHaveLength(1)
    expect(new CodePolicy().evaluateProgram(program)).toEqual([])
  })

  it('denies a program with more lines than allowed', () => {
    const policy = new CodePolicy({ maxLines: 2 })
    expect(policy.evaluateProgram(programFrom('const a = 1\nreturn a\n'))).toEqual([])
    expect(policy.evaluateProgram(programFrom('const a = 1\n\nreturn a'))).toMatchObject([
      { ruleId: 'max-lines', severity: 'violation' },
    ])
  })

  it.each([
    { allowedModules: ['lodash'] },
    { allowedModules: 'lodash' },
    { maxLines: 0 },
    { maxLines: 1.5 },
    { maxLine: 10 },
  ])('refuses the options %o', (options) => {
    expect(() => Reflect.construct(CodePolicy, [options])).toThrow(ConfigurationError)
  })

  it('takes an empty list of modules', () => {
    expect(new CodePolicy({ allowedModules: [] }).name).toBe('CodePolicy')
  })
})
