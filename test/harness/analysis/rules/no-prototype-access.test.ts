import { testRule } from './rule-table.ts'

testRule('no-prototype-access', {
  denied: {
    'a write through __proto__': 'data.__proto__.x = 1\nreturn 1',
    'a read of __proto__': 'return data.__proto__',
    'a bracketed __proto__': `return data['__pro' + 'to__']`,
    'a destructured __proto__': 'const { __proto__: p } = data\nreturn p',
    'a prototype in a literal': 'return { __proto__: data }',
    __defineGetter__: `data.__defineGetter__('x', () => 1)\nreturn 1`,
    __lookupGetter__: `return data.__lookupGetter__('x')`,
    'a method added to arrays':
      'Array.prototype.last = function () { return this.at(-1) }\nreturn 1',
    'a computed method added to arrays': `Array['prototype'].last = 1\nreturn 1`,
    'a function of the language that is replaced': 'JSON.stringify = () => "1"\nreturn 1',
    'a removed method': 'delete Array.prototype.map\nreturn 1',
    'Object.assign to a prototype': 'Object.assign(Array.prototype, { x: 1 })\nreturn 1',
    'Object.defineProperty on a prototype': `Object.defineProperty(Object.prototype, 'x', { value: 1 })\nreturn 1`,
    'Object.setPrototypeOf on a global': 'Object.setPrototypeOf(Array, null)\nreturn 1',
    'Reflect.set on a global': `Reflect.set(Math, 'max', 1)\nreturn 1`,
    'a pattern that writes': '[Array.prototype.x] = [1]\nreturn 1',
  },
  allowed: {
    inheritance: 'class A {}\nclass B extends A {}\nreturn new B() instanceof A',
    'a prototype of the program': 'function A() {}\nA.prototype.f = () => 1\nreturn new A().f()',
    'a borrowed method': 'return Array.prototype.slice.call(data, 1)',
    'hasOwnProperty of the prototype': `return Object.prototype.hasOwnProperty.call(data, 'x')`,
    'an object without a prototype': 'return Object.keys({ __proto__: null, a: 1 })',
    'Object.create': 'return Object.create(null)',
    'the custom error idiom':
      'class E extends Error { constructor(m) { super(m); Object.setPrototypeOf(this, new.target.prototype) } }\nreturn 1',
    'reading a prototype': 'return Object.getPrototypeOf(data) === Object.prototype',
    'assigning to data': 'data.total = 1\nreturn data',
    'Object.assign to an object': 'return Object.assign({}, data)',
  },
})
