import { testRule } from './rule-table.ts'

testRule('no-computed-name', {
  warned: {
    'a method chosen by data': 'return [3, 1][data.method]()',
    'a class chosen by data': 'const all = data.classes\nreturn new all[data.name]()',
    'two names chosen by data': 'return data[data.a][data.b](1)',
    'a tag chosen by data': 'return data[data.tag]`x`',
    'an optional call': 'return data[data.name]?.()',
  },
  allowed: {
    'a lookup': 'return data.rows.map((row) => row[data.key])',
    'a count': 'const counts = {}\nfor (const row of data) counts[row.kind] = 1\nreturn counts',
    'an index': 'return data.map((_row, index) => data[index]())',
    'a counter': 'for (let i = 0; i < 3; i += 1) data[i]()\nreturn 1',
    arithmetic: 'return data[data.length - 1]()',
    'a constant name': `const name = 'to' + 'Sorted'\nreturn [3, 1][name]()`,
    'a well-known symbol': 'return data[Symbol.iterator]().next()',
    'a tool, which the plan calls any tool': 'return tools[data.name]({})',
    'a table of functions':
      'const by = { up: (a) => a, down(a) { return -a } }\nreturn by[data.order](1)',
  },
})
