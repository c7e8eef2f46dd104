import { describe, expect, it } from 'vitest'
import { readOk } from '../read-for-test.ts'

const warned = {
  'an answer that is read before it is there':
    'const page = tools.list_tickets({})\nreturn page.tickets.map((t) => t.id)',
  'a property of the call itself': 'return tools.list_tickets({}).tickets',
  'a call that nobody waits for': 'tools.sql({ query: "SELECT 1" })\nreturn 1',
  'a destructured promise': 'const { tickets } = tools.list_tickets({})\nreturn tickets',
}

const silent = {
  'an awaited call': 'const page = await tools.list_tickets({})\nreturn page.tickets',
  'a promise awaited later': 'const p = tools.list_tickets({})\nreturn (await p).tickets',
  'a chained promise': 'return tools.list_tickets({}).then((page) => page.tickets)',
  'a returned promise': 'return tools.list_tickets({})',
  'promises that run together': 'return await Promise.all([tools.sql({}), tools.sql({})])',
}

describe('no-unawaited-tool-call', () => {
  it.each(Object.entries(warned))('warns of %s', (_name, source) => {
    expect(readOk(source).findings).toMatchObject([
      { ruleId: 'no-unawaited-tool-call', severity: 'warning', line: 1 },
    ])
  })

  it.each(Object.entries(silent))('accepts %s', (_name, source) => {
    expect(readOk(source).findings).toEqual([])
  })
})
