import { describe, expect, it } from 'vitest'
import { readAttacks } from '../../../corpus/attacks/attack-case.ts'
import { ESCAPE_ATTEMPTS } from './layers/escaped-child.mts'
import { REMOVALS, readLayerRecord } from './layers/layer-record.ts'
import { describeLayers, readReport } from './layers/layer-report.ts'

const record = readLayerRecord()

describe('the record of which layer holds what', () => {
  it('is what the security model says', () => {
    expect(readReport()).toBe(describeLayers(record))
  })

  it('covers every attempt of a program that has left its engine', () => {
    expect(Object.keys(record.attempts).sort()).toEqual([...ESCAPE_ATTEMPTS].sort())
  })

  it('says that all of them succeed without any layer and none with all', () => {
    for (const attempt of Object.values(record.attempts)) {
      expect(attempt).toMatchObject({ succeedsWithAll: false, succeedsWithNone: true })
      expect(attempt.heldBy).not.toEqual([])
    }
  })

  it('has no success of a public attack with a driver that isolates more than a process', () => {
    const runs = record.drivers.filter(({ driver }) => driver !== 'process')
    expect(runs.filter(({ succeeded }) => succeeded.length > 0)).toEqual([])
    for (const { attacks } of runs) expect(attacks).toBe(readAttacks().length)
  })

  // An engine is recorded as a whole or not at all, and then the security model says so.
  const engines = [...new Set(record.corpus.map(({ engine }) => engine))]

  it('covers the engine that is used by default', () => {
    expect(engines).toContain('quickjs')
  })

  for (const engine of engines) {
    it(`covers every public attack on ${engine} with each layer taken away`, () => {
      const runs = record.corpus.filter((run) => run.engine === engine)
      expect(runs.map(({ removed }) => removed)).toEqual(REMOVALS)
      for (const { attacks } of runs) expect(attacks).toBe(readAttacks().length)
    })

    it(`has no success of a public attack on ${engine} with all layers`, () => {
      const whole = record.corpus.find((run) => run.engine === engine && run.removed.length === 0)
      expect(whole?.succeeded).toEqual([])
    })
  }
})
