import { testRule } from './rule-table.ts'

testRule('no-with', {
  denied: {
    'a with statement': 'with (data) { return x }',
    'a with statement in a function': 'function f() { with (data) { return x } }\nreturn f()',
  },
  allowed: {
    'a property called with': 'return [3, 1].with(0, 2)',
    'the word in a comment': '// with (data)\nreturn 1',
  },
})
