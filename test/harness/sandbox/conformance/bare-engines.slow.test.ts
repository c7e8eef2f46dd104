import { describe, expect, it } from 'vitest'
import { AREAS } from './areas.ts'
import { type BareRun, bareQuickJs, bareV8, inNode } from './bare-engines.ts'
import { expectedOf, scriptOf } from './check.ts'
import { DIFFERENCES_HERE, MISSING, NOWHERE_HERE, WITHHELD } from './differences.ts'
import type { EngineUnderTest } from './run-in-engine.ts'

const bare: readonly (readonly [EngineUnderTest['name'], () => BareRun])[] = [
  ['quickjs', bareQuickJs],
  ['v8', bareV8],
]
/** What the platform around the language gives: Node is asked whether the checks are right. */
const PLATFORM = ['URL and URLSearchParams', 'Encoding, cloning, timers, crypto, console', 'Intl']

async function passing(run: BareRun, area: string): Promise<string[]> {
  const names: string[] = []
  for (const [name, check] of Object.entries(AREAS[area] ?? {})) {
    if ((await run(scriptOf(check))) === JSON.stringify(expectedOf(check))) names.push(name)
  }
  return names
}

describe('what passes outside of a realm', () => {
  for (const [engine, make] of bare) {
    it(`passes inside too, or is withheld on purpose: ${engine}`, async () => {
      const run = make()
      const all = await Promise.all(Object.keys(AREAS).map((area) => passing(run, area)))
      const names = new Set(all.flat())
      expect(names.size).toBeGreaterThan(400)
      // That everything not listed passes inside is what the test of the realms shows.
      for (const [name, { notOn }] of Object.entries(DIFFERENCES_HERE)) {
        if (!notOn.includes(engine)) continue
        const isMissing = MISSING[name] !== undefined
        expect(`${name}: ${isMissing && names.has(name)}`).toBe(`${name}: false`)
      }
    })
  }

  it('makes up all that is withheld, on one engine at least', async () => {
    const runs = bare.map(([, make]) => make())
    for (const name of Object.keys(WITHHELD)) {
      if (NOWHERE_HERE.has(name)) continue
      const check = Object.values(AREAS).flatMap((checks) =>
        Object.hasOwn(checks, name) ? [checks[name]] : [],
      )[0]
      if (check === undefined) throw new TypeError(`There is no check ${name}`)
      const found = await Promise.all(runs.map((run) => run(scriptOf(check))))
      expect([name, found]).toEqual([name, expect.arrayContaining([JSON.stringify(true)])])
    }
  })
})

describe('what the checks say of the platform', () => {
  for (const area of PLATFORM) {
    it(`holds in Node itself: ${area}`, async () => {
      for (const [name, check] of Object.entries(AREAS[area] ?? {})) {
        const found = JSON.parse(await inNode(scriptOf(check))) as unknown
        expect([name, found]).toEqual([name, expectedOf(check)])
      }
    })
  }
})
