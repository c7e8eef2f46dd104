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
    'an import where even a module has none': `if (data) { import fs from 'fs' }\nreturn 1`,
    'an export where even a module has none': `if (data) { export const a = 1 }\nreturn 1`,
    'import = in JavaScript': `import fs = require('fs')\nreturn fs`,
    'import.source': `return import.source('x')`,
    'import.defer': `return import.defer('x')`,
    'a deferred import': `import defer * as x from 'x'\nreturn x`,
    'an import with attributes': `import x from './x.json' with { type: 'json' }\nreturn x`,
    'a module with a long name': `import '${'a'.repeat(300)}'\nreturn 1`,
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
    'import =': `import fs = require('fs')\nreturn fs.readFileSync('x')`,
    'an import in a block': `if (data) { import fs from 'fs' }\nreturn 1`,
    'a value import beside type imports': `import type { T } from 't'\nimport { a, type B } from 'b'\nreturn a`,
  },
  allowed: {
    'a type import': `import type { Row } from './rows'\nconst x: Row = data\nreturn x`,
    'an import of types only': `import { type Row } from './rows'\nconst x: Row = data\nreturn x`,
    'a type import without a return': `import type { Row } from './rows'\nexport default () => 1`,
  },
  options: { language: 'ts' },
})
