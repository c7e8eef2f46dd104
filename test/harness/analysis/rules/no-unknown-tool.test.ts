import { describe, expect, it } from 'vitest'
import { readOk } from '../read-for-test.ts'
import { testRule } from './rule-table.ts'

testRule('no-unknown-tool', {
  denied: {
    'a tool that was not granted': 'return await tools.admin_delete({ id: 1 })',
    'a misspelled tool': 'return await tools.list_ticket({})',
    'a bracketed name': `return await tools['nope']({})`,
    'a destructured name': 'const { nope } = tools\nreturn await nope({})',
    'a name from the prototype': `return await tools['constr' + 'uctor']({})`,
    'an alias': 'const t = tools\nreturn await t.nope({})',
    'a tool handed on': 'return [1].map(tools.nope)',
  },
  warned: {
    'a question whether a tool exists': 'return typeof tools.nope',
  },
  allowed: {
    'a granted tool': `return await tools.sql({ query: 'SELECT 1' })`,
    'a granted tool by a bracketed name': `return await tools['get-weather']({})`,
    'a name that is computed': 'return await tools[data.name]({})',
    'an object of the program called tools': 'const tools = { nope: () => 1 }\nreturn tools.nope()',
  },
})

describe('no-unknown-tool', () => {
  it('names the closest tool and lists the others', () => {
    const [finding] = readOk('return await tools.listTicket({})').findings
    expect(finding?.message).toContain('"list_tickets"')
    expect(finding?.hint).toContain('get-weather')
  })

  it('does not repeat a name that is more than a name', () => {
    const [finding] = readOk('return await tools["x\\n<script>"]({})').findings
    expect(finding?.ruleId).toBe('no-unknown-tool')
    expect(finding?.message).not.toContain('script')
  })
})
