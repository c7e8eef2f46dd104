import { afterAll, describe, expect, it } from 'vitest'
import { type JsonValue, ProcessSandbox, ProgramReader } from '../../../harness/index.ts'
import { InterruptedRun, journalOf } from './interrupted-programs.ts'
import { checkInterrupted } from './interrupted-property.ts'

const reader = new ProgramReader({ deadlineMs: 10_000 })
const sandbox = new ProcessSandbox({ isolation: { minimum: 'best' } })
const means = { reader, sandbox }
afterAll(() => Promise.all([reader.close(), sandbox.close()]))

const idOf = (argument: JsonValue) => (argument as { readonly id: string }).id

describe('a program that is killed and runs again', () => {
  for (const [winner, workMs, timerMs] of [
    ['timer', 60, 5],
    ['work', 0, 60],
  ] as const) {
    it(`sees the ${winner} win the race that it won, whatever is there first now`, async () => {
      const source = `const sleep = (ms) => new Promise((done) => setTimeout(done, ms, 'timer'))
const winner = await Promise.race([tools.work({ id: 'work' }), sleep(${timerMs})])
await tools.work({ id: 'told', winner, at: Date.now() })
await sleep(90)
return { last: await tools.work({ id: 'last' }), winner, at: Date.now() }`
      const delayOf = (argument: JsonValue) => (idOf(argument) === 'work' ? workMs : 0)
      const run = new InterruptedRun(source, { ...means, delayOf })
      const first = await run.run(await journalOf([]))
      expect(first.outcome).toMatchObject({ status: 'completed', result: { winner } })
      // Everything is on record but the last call: on the way there the race is run again.
      const left = first.journal.slice(0, 2)
      const again = await run.run(await journalOf(left))
      expect(again.outcome).toMatchObject({ status: 'completed', result: { winner, last: 'last' } })
      expect(again.journal[1]?.argument).toEqual(first.journal[1]?.argument)
    })
  }

  it('reads the same times and waits for none of them again', async () => {
    const source = `const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const times = [Date.now()]
for (let i = 0; i < 4; i++) { await sleep(60); times.push(Date.now(), performance.now()) }
await tools.work({ id: 'a', times })
return times`
    const run = new InterruptedRun(source, { ...means, delayOf: () => 0 })
    const first = await run.run(await journalOf([]))
    const started = performance.now()
    const lastTurns = first.outcome?.lastTurns
    const again = await run.run(await journalOf(first.journal), { lastTurns })
    expect(again.outcome).toMatchObject({ status: 'completed', result: first.outcome?.result })
    expect(run.effects).toHaveLength(1)
    // 240 ms of sleeping were only seen, not slept.
    if (process.env['CI'] === undefined) expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('ends a wait in a loop by its own clock', async () => {
    const source = 'const end = Date.now() + 30; while (Date.now() < end); return Date.now() >= end'
    const run = new InterruptedRun(source, { ...means, delayOf: () => 0 })
    expect((await run.run(await journalOf([]))).outcome).toMatchObject({ result: true })
  })

  for (let seed = 1; seed <= 8; seed += 1) {
    it(`takes the same path, whatever order its calls finish in (seed ${seed})`, async () => {
      await checkInterrupted(seed, means)
    })
  }
})
