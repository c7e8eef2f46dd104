import { testRule } from './rule-table.ts'

testRule('no-escaped-denied-name', {
  denied: {
    'an escaped property': String.raw`return ({}).c\u006fnstructor`,
    'an escaped global': String.raw`return \u{65}val`,
    'an escaped name of the language': String.raw`return M\u0061th.max(1)`,
    'a variable that looks like one of the language': String.raw`const M\u0061th = { max: () => 1 }; return M\u0061th.max()`,
    'a method that other rules refuse': String.raw`return data.__pr\u006fto__`,
  },
  warned: {
    'an escaped variable': String.raw`const \u0061 = 1; return a`,
    'an escaped property': String.raw`return data.caf\u00e9`,
    'an escaped private name': String.raw`class A { #\u0061 = 1 } return 1`,
  },
  allowed: {
    'an escape in a string': String.raw`return '\u0061'`,
    'a name in another script': 'const größe = 1\nreturn größe',
  },
})
