import { testRule } from './rule-table.ts'

testRule('no-html-comment', {
  denied: {
    'an opening comment that hides live code':
      'let a = 1, b = 2\na <!--b /*\n;a = 3\n//*/\nreturn a',
    'a closing comment at the start of a line': 'let a = 1\n--> hidden\nreturn a',
  },
  allowed: {
    'the text in a string': `return '<!-- x -->'`,
    'the text in a comment': '// <!-- x -->\nreturn 1',
    'operators with spaces': 'let a = 3\nconst b = a < ! - - a\nreturn b',
    'a loop that counts down to zero': 'let n = 3\nwhile (n --> 0) console.log(n)\nreturn n',
  },
})
