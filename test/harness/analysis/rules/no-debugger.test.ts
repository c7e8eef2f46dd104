import { testRule } from './rule-table.ts'

testRule('no-debugger', {
  denied: { 'a debugger statement': 'debugger\nreturn 1' },
  allowed: { 'a property of that name': 'return data.debugger' },
})
