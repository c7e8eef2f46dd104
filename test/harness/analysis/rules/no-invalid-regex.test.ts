import { testRule } from './rule-table.ts'

testRule('no-invalid-regex', {
  denied: {
    'an open group': 'return /(a/.test(data)',
    'nothing to repeat': 'return /*a/.test(data)'.replace('/*', '/+'),
    'a range in the wrong order': 'return /[z-a]/.test(data)',
    'a reference to no group': String.raw`return /\k<n>(?<m>a)/.test(data)`,
    'two groups of one name': 'return /(?<a>x)(?<a>y)/.test(data)',
    'an invalid class with the flag v': 'return /[(]/v.test(data)',
  },
  allowed: {
    'escaped brackets': String.raw`return /\(a/.test(data)`,
    'groups of one name in two choices': 'return /(?<a>x)|(?<a>y)/.test(data)',
    lookbehind: 'return /(?<=a)b/.test(data)',
    modifiers: 'return /(?i:a)b/.test(data)',
    'a malformed text given to RegExp, which throws where it can be caught': `try { return new RegExp('(') } catch { return null }`,
  },
})
