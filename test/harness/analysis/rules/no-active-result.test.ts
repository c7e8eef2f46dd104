import { testRule } from './rule-table.ts'

testRule('no-active-result', {
  warned: {
    'a getter': 'return { get total() { return 1 } }',
    'a setter': 'return { set total(x) {} }',
    'a then method': 'return { then(resolve) { resolve(1) } }',
    'a then function': 'return { then: (resolve) => resolve(1) }',
    toJSON: 'return { toJSON() { return 1 } }',
    'Symbol.toPrimitive': 'return { [Symbol.toPrimitive]: () => 1 }',
    'a getter deep inside': 'return { a: [{ b: { get c() { return 1 } } }] }',
    'a getter behind a name': 'const result = { get a() { return 1 } }\nreturn result',
    'a getter in a trailing expression': '({ get a() { return 1 } })',
  },
  allowed: {
    'plain values': 'return { total: 1, then: "later", rows: [{ a: 1 }] }',
    'a getter that stays in the program':
      'const cart = { get total() { return 1 } }\nreturn { total: cart.total }',
    'a class with getters': 'class A { get x() { return 1 } }\nreturn new A().x',
    'a getter returned by an inner function':
      'const make = () => { return { get a() { return 1 } } }\nreturn make().a',
  },
})
