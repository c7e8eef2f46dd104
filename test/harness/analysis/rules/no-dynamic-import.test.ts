import { testRule } from './rule-table.ts'

testRule('no-dynamic-import', {
  denied: {
    'a plain call': `return await import('node:fs')`,
    'a comment before the parenthesis': `return await import/* x */('node:fs')`,
    'a line break before the parenthesis': `return await import\n('node:fs')`,
    'a computed specifier': `return await import(['no', 'de:fs'].join(''))`,
    'a call inside a template': 'return `${await import("x")}`',
    'a call in a default parameter': `const f = (a = import('x')) => a\nreturn 1`,
  },
  allowed: {
    'an identifier that ends in import': 'const reimport = (x) => x\nreturn reimport(1)',
    'the words inside a string': `return "import('node:fs')"`,
  },
})
