import { testRule } from './rule-table.ts'

testRule('no-legacy', {
  denied: {
    'arguments.callee': 'return (function () { return arguments.callee })()',
    'arguments.caller': 'return (function () { return arguments.caller })()',
    'a spelled out callee': `return (function () { return arguments['cal' + 'lee'] })()`,
    'callee behind another name': 'return (function () { const a = arguments; return a.callee })()',
    'the caller of a function': 'function f() { return f.caller }\nreturn f()',
    'the arguments of a function': 'const f = function g() { return g.arguments }\nreturn f()',
  },
  allowed: {
    'a variable of the program that has callers': 'const f = { caller: 1 }\nreturn f.caller',
    'a field called caller': 'return data.calls.map((call) => call.caller)',
    'a field called callee': 'return data.callee',
  },
})
