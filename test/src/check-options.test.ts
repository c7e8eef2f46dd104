import { describe, expect, it } from 'vitest'
import { createTestApp } from '../../src/testing/index.ts'

const wrong: Record<string, object> = {
  'a type check of another name': { typeCheck: 'strict' },
  'a type check that is true': { typeCheck: true },
  'repair rounds that are no whole number': { repairRounds: 1.5 },
  'repair rounds below 0': { repairRounds: -1 },
  'more repair rounds than 10': { repairRounds: 11 },
  'repair rounds as a text': { repairRounds: '2' },
}

const right: Record<string, object> = {
  'no type check and no repair': { typeCheck: 'off', repairRounds: 0 },
  'a type check with warnings': { typeCheck: 'warn', repairRounds: 10 },
  'a type check with repair': { typeCheck: 'repair' },
}

describe('the options for programs that fail', () => {
  for (const [name, options] of Object.entries(wrong)) {
    it(`refuse ${name}, on each level`, () => {
      const app = createTestApp()
      const refusal = expect.objectContaining({ code: 'ERR_CONFIGURATION' })
      expect(() => createTestApp([], options)).toThrow(refusal)
      expect(() => app.router({ prefix: 'r', ...options })).toThrow(refusal)
      expect(() => app.agentEndpoint({ name: 'e', public: true, ...options })).toThrow(refusal)
    })
  }

  for (const [name, options] of Object.entries(right)) {
    it(`take ${name}, on each level`, () => {
      const app = createTestApp([], options)
      app.router({ prefix: 'r', ...options })
      app.agentEndpoint({ name: 'e', public: true, ...options })
    })
  }
})
