import { describe, expect, it } from 'vitest'
import type { OutputValidator } from '../../../harness/validation/output-validator.ts'
import { validateOutput } from '../../../harness/validation/validate-output.ts'
import { decide, type Finding } from '../../../harness/verdict.ts'
import { runOutput } from './run-output.ts'

const warning: Finding = { ruleId: 'w', source: 'v', severity: 'warning', message: 'W' }
const violation: Finding = { ruleId: 'v', source: 'v', severity: 'violation', message: 'V' }

function validator(validate: () => unknown): OutputValidator {
  return { name: 'v', validate: validate as OutputValidator['validate'] }
}

const denied: Record<string, () => unknown> = {
  throws: () => {
    throw new Error('secret')
  },
  rejects: () => Promise.reject(new Error('secret')),
  'answers with nothing': () => undefined,
  'answers with a boolean': () => true,
  'answers with something that is no finding': () => [{ severity: 'fatal' }],
  'finds a violation': () => [violation],
  'finds one later': async () => [warning, violation],
}

const allowed: Record<string, () => unknown> = {
  'finds nothing': () => [],
  'finds nothing later': async () => [],
  'only warns': () => [warning],
}

describe('validateOutput', () => {
  for (const [name, validate] of Object.entries(denied)) {
    it(`withholds the output when a validator ${name}`, async () => {
      const findings = await validateOutput([validator(() => []), validator(validate)], runOutput())
      expect(decide(findings).decision).toBe('deny')
      expect(JSON.stringify(findings)).not.toContain('secret')
    })
  }

  for (const [name, validate] of Object.entries(allowed)) {
    it(`lets the output out when a validator ${name}`, async () => {
      expect(decide(await validateOutput([validator(validate)], runOutput())).decision).toBe(
        'allow',
      )
    })
  }

  it('asks every validator even when the first withholds', async () => {
    const validators = [validator(() => [violation]), validator(() => [warning])]
    expect(await validateOutput(validators, runOutput())).toEqual([violation, warning])
  })
})
