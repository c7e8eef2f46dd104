import { testRule } from './rule-table.ts'

testRule('no-legacy', {
  denied: {
    'arguments.callee': 'return (function () { return arguments.callee })()',
    'arguments.caller': 'return (function () { return arguments.caller })()',
    'a spelled out callee': `return (function () { return arguments['cal' + 'lee'] })()`,
  },
  allowed: {
    'a field called caller': 'return data.calls.map((call) => call.caller)',
    'a field called callee': 'return data.callee',
  },
})
