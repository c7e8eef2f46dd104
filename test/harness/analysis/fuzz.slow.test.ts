import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProgramReader } from '../../../harness/program-reader.ts'
import { type FuzzReport, fuzzAnalysis, fuzzTexts } from './fuzz/fuzz-analysis.ts'
import { EngineGrammar, nameDisagreements } from './fuzz/second-opinion.ts'

// `npm run fuzz:analysis` does the same with 50 000 texts and other seeds.
const COUNT = 2_000

const reader = new ProgramReader()
let report: FuzzReport

beforeAll(async () => {
  reader.warm()
  report = await fuzzAnalysis(reader, fuzzTexts(COUNT, 1), { maxAccepted: 400 })
})
afterAll(() => reader.close())

describe('2 000 texts that nobody would write', () => {
  it('get an answer each, with a reason and a place in the text', () => {
    expect(report.problems.slice(0, 5)).toEqual([])
    expect(report.count).toBe(COUNT)
  })

  it('are of every kind: refused, denied and accepted', () => {
    expect(Object.fromEntries(report.endings)).toMatchObject({
      syntax: expect.any(Number),
      denied: expect.any(Number),
      accepted: expect.any(Number),
    })
    expect(report.accepted.length).toBeGreaterThan(200)
  })

  it('have names that lead to the same declarations for @babel/traverse', () => {
    const problems = report.accepted.flatMap(({ code }) => nameDisagreements(code))
    expect(problems.slice(0, 5)).toEqual([])
  })

  it('are programs for the engine when they are for the analyser', async () => {
    const engine = await EngineGrammar.load()
    const problems: string[] = []
    for (const { code } of report.accepted) {
      const reason = await engine.refuses(code)
      if (reason !== null) problems.push(`${reason}: ${code.slice(0, 200)}`)
    }
    expect(problems).toEqual([])
  })
})
