import { beforeAll, describe, expect, it } from 'vitest'
import { AREAS } from './areas.ts'
import { expectedOf } from './check.ts'
import { DIFFERENCES_HERE } from './differences.ts'
import { resultsOf } from './results.ts'
import { type EngineUnderTest, engines } from './run-in-engine.ts'

const names = Object.values(AREAS).flatMap((checks) => Object.keys(checks))

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})

describe('the checks', () => {
  it('are many, and each has a name of its own', () => {
    expect(names.length).toBeGreaterThan(600)
    expect(new Set(names).size).toBe(names.length)
  })

  it('have every difference among them', () => {
    expect(Object.keys(DIFFERENCES_HERE).filter((name) => !names.includes(name))).toEqual([])
  })
})

describe('a realm of each engine', () => {
  for (const [area, checks] of Object.entries(AREAS)) {
    it(`passes: ${area}`, async () => {
      const [first, second] = await Promise.all(both.map((engine) => resultsOf(engine, area)))
      for (const [index, engine] of both.entries()) {
        const results = index === 0 ? first : second
        for (const [name, check] of Object.entries(checks)) {
          const where = `${name} (${engine.name})`
          const expected = `${where}: ${JSON.stringify(expectedOf(check))}`
          const found = `${where}: ${results?.[name]}`
          // A difference that is none any more has to leave the list.
          if (DIFFERENCES_HERE[name]?.notOn.includes(engine.name)) expect(found).not.toBe(expected)
          else expect(found).toBe(expected)
        }
      }
      const same = (results: Readonly<Record<string, string>> | undefined) =>
        Object.entries(results ?? {}).filter(([name]) => DIFFERENCES_HERE[name] === undefined)
      expect(same(first)).toEqual(same(second))
    })
  }
})
