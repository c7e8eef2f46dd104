import { testRule } from './rule-table.ts'

testRule('no-escaped-denied-name', {
  denied: {
    'an escaped property': String.raw`return ({}).c\u006fnstructor`,
    'an escaped global': String.raw`return \u{65}val`,
    'an escaped variable': String.raw`const \u0061 = 1; return a`,
  },
  allowed: {
    'an escape in a string': String.raw`return '\u0061'`,
    'a name in another script': 'const größe = 1\nreturn größe',
  },
})
