import { expect, it } from 'vitest'
import { describeEachDialect } from './each-dialect.ts'
import { ask, failed } from './sql-shops.ts'

await describeEachDialect('sqlTool in its bounds', (shopOf) => {
  const ids = 'SELECT id FROM orders ORDER BY id'

  it('stops at the rows a policy allows and at its own limit, and says whether there were more', async () => {
    const tool = shopOf().open({ maxResultRows: 2 })
    const two = [{ id: 1 }, { id: 2 }]
    expect(await ask(tool, ids)).toEqual({ rows: two, truncated: true, changes: 0 })
    expect(await ask(tool, `${ids} LIMIT 2`)).toMatchObject({ rows: two, truncated: false })
    const ask1 = ask(tool, ids, [], { maxResultRows: 1 })
    expect(await ask1).toMatchObject({ rows: [{ id: 1 }], truncated: true })
    const ask100 = ask(tool, ids, [], { maxResultRows: 100 })
    expect(await ask100).toMatchObject({ rows: two, truncated: true })
    const ask0 = ask(tool, ids, [], { maxResultRows: 0 })
    expect(await ask0).toMatchObject({ rows: [], truncated: true })
  })

  it('reads no further than it needs', async () => {
    const tool = shopOf().open({ maxResultRows: 3, statementTimeoutMs: 20_000 })
    const endless =
      shopOf().dialect === 'sqlite'
        ? 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c'
        : 'SELECT generate_series(1, 9000000000000) AS x'
    expect(await ask(tool, endless)).toEqual({
      rows: [{ x: 1 }, { x: 2 }, { x: 3 }],
      truncated: true,
      changes: 0,
    })
  }, 30_000)

  it('stops at its bytes, and refuses a row that alone has more', async () => {
    const tool = shopOf().open({ maxResultBytes: 1_000 })
    const repeat = (count: number) =>
      shopOf().dialect === 'sqlite' ? `hex(zeroblob(${count / 2}))` : `repeat('0', ${count})`
    const long = `SELECT ${repeat(400)} AS a FROM orders`
    expect(await ask(tool, long)).toMatchObject({ truncated: true, rows: { length: 2 } })
    const tooLong = `SELECT ${repeat(1_000)} AS a FROM orders`
    await expect(ask(tool, tooLong)).rejects.toThrow('1000 bytes')
    expect(await ask(tool, ids)).toMatchObject({ rows: { length: 3 }, truncated: false })
  })

  const slow = () =>
    shopOf().dialect === 'sqlite'
      ? 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
      : 'SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 10000000) b'

  it('ends a statement that takes too long, and answers the next one', async () => {
    const tool = shopOf().open({ statementTimeoutMs: 300 })
    const [first, second] = await Promise.allSettled([ask(tool, slow()), ask(tool, ids)])
    expect(first).toMatchObject({ status: 'rejected', reason: failed })
    expect(String(first.status === 'rejected' && first.reason.message)).toContain('300 ms')
    expect(second).toMatchObject({ status: 'fulfilled' })
  }, 60_000)

  it('ends a statement nobody waits for any more, and answers the next one', async () => {
    const tool = shopOf().open({ statementTimeoutMs: 60_000 })
    await ask(tool, ids)
    const controller = new AbortController()
    const answer = ask(tool, slow(), [], { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('the run is over')), 100)
    await expect(answer).rejects.toThrow('the run is over')
    expect(await ask(tool, ids)).toMatchObject({ rows: { length: 3 } })
    const late = ask(tool, ids, [], { signal: controller.signal })
    await expect(late).rejects.toThrow('the run is over')
  }, 60_000)

  it('answers nothing after it was closed, and ends what was under way', async () => {
    const tool = shopOf().open({ statementTimeoutMs: 60_000 })
    await ask(tool, ids)
    const answer = ask(tool, slow())
    const ended = expect(answer).rejects.toMatchObject(failed)
    setTimeout(() => void tool.close(), 100)
    await ended
    await expect(ask(tool, ids)).rejects.toMatchObject(failed)
  }, 60_000)
})
