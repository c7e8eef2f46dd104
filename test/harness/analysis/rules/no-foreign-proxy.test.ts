import { testRule } from './rule-table.ts'

testRule('no-foreign-proxy', {
  warned: {
    'a proxy of the tools': 'const t = new Proxy(tools, {})\nreturn t.sql({})',
    'a proxy of a tool': 'return new Proxy(tools.sql, {})({})',
    'a proxy of the input': 'return new Proxy(data, {}).x',
    'a proxy of the language': 'return new Proxy(Math, {}).max(1, 2)',
    'a proxy that can be revoked': 'return Proxy.revocable(tools, {}).proxy.sql({})',
    'the tools under another name': 'const t = tools\nreturn new Proxy(t, {}).sql({})',
    'a reflected call': 'return Reflect.apply(tools.sql, null, [{}])',
  },
  allowed: {
    'a proxy of an object of the program': 'return new Proxy({}, { get: () => 1 }).x',
    'a proxy of a variable': 'const target = { a: 1 }\nreturn new Proxy(target, {}).a',
    'reflection on an object of the program': 'return Reflect.ownKeys({ a: 1 })',
    'a class called Proxy':
      'class Proxy { constructor(x) { this.x = x } }\nreturn new Proxy(data).x',
  },
})
