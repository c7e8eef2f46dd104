import { testRule } from './rule-table.ts'

testRule('no-forbidden-import', {
  denied: {
    'a default import': `import _ from 'lodash'\nreturn _.chunk(data, 2)`,
    'an import for its effect': `import 'node:fs'\nreturn 1`,
    'a namespace import': `import * as fs from 'node:fs'\nreturn fs`,
    'a re-export': `export { x } from 'node:fs'\nreturn 1`,
    'a re-export of everything': `export * from 'node:fs'\nreturn 1`,
    'import.meta': 'return import.meta.url',
    require: `const fs = require('node:fs')\nreturn fs`,
    'require by typeof': `return typeof require`,
    'require as a value': `return [require].length`,
  },
  allowed: {
    'the word inside a string': `return "import fs from 'fs'"`,
    'a method called require': 'return data.require(1)',
    'a function of the program called require': 'const require = (x) => x\nreturn require(1)',
    'a method called import': 'return data.import(1)',
  },
})

testRule('no-forbidden-import', {
  denied: {
    'a value import beside a top-level return': `import { a } from 'b'\nreturn a`,
    'a value import beside type imports': `import type { T } from 't'\nimport { a, type B } from 'b'\nreturn a`,
  },
  allowed: {
    'a type import': `import type { Row } from './rows'\nconst x: Row = data\nreturn x`,
    'an import of types only': `import { type Row } from './rows'\nconst x: Row = data\nreturn x`,
    'a type import without a return': `import type { Row } from './rows'\nexport default () => 1`,
  },
  options: { language: 'ts' },
})
