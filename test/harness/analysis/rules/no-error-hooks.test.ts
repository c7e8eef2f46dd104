import { expect, it } from 'vitest'
import { readOk } from '../read-for-test.ts'
import { testRule } from './rule-table.ts'

testRule('no-error-hooks', {
  denied: {
    'a stack hook': 'Error.prepareStackTrace = (e) => e\nreturn 1',
    'a stack hook on an alias': `const E = Error\nE['prepareStack' + 'Trace'] = (e) => e\nreturn 1`,
    'a stack hook by Reflect': `Reflect.set(Error, 'prepareStackTrace', (e) => e)\nreturn 1`,
  },
  warned: {
    'an error class that shortens its stack':
      'class E extends Error { constructor(m) { super(m); Error.captureStackTrace?.(this, E) } }\nreturn 1',
  },
  allowed: {
    'the stack of an error': 'return new Error("x").stack',
  },
})

it('warns of captureStackTrace', () => {
  expect(readOk('Error.captureStackTrace?.(data)\nreturn 1').findings).toMatchObject([
    { ruleId: 'no-error-hooks', severity: 'warning' },
  ])
})
