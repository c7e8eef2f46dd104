import { testRule } from './rule-table.ts'

testRule('no-unknown-global', {
  denied: {
    process: 'return process.env.X',
    globalThis: 'return globalThis',
    'globalThis with a computed name': `return globalThis['pro' + 'cess']`,
    fetch: `return (await fetch('http://x')).status`,
    Buffer: `return Buffer.from('x')`,
    module: 'module.exports = 1\nreturn 1',
    'a bare inherited name': `return toString.call(1)`,
    'an assignment to an undeclared name': 'total = 1\nreturn 1',
    'an undeclared name in a pattern': '[total] = [1]\nreturn 1',
    'an undeclared name in a loop': 'for (item of data) {}\nreturn 1',
    'an undeclared name in a shorthand': 'return { process }',
    'a name declared in another block': '{ const process = 1 }\nreturn process',
    'a name that is declared for the body but used in a parameter':
      'return (function (a = process) { var process; return a })()',
    'a name that is declared in a switch but used before it':
      'switch (process) { case 1: { let process } }\nreturn 1',
    'a name inside what a switch is about, which its cases declare':
      'switch (process.env.X) { default: let process }\nreturn 1',
    'a name inside a function that a switch is about':
      'switch ((() => process.env)().X) { default: let process }\nreturn 1',
    'a default in the pattern of a catch': 'try { data.x() } catch ({ a = process }) { return a }',
    'a name that a class declares for itself only': 'const A = class process {}\nreturn process',
    'a name that is a label elsewhere':
      'process: for (const a of data) break process\nreturn process',
    'a name after a function of that name in a block':
      '{ function process() {} }\nreturn process()',
    'a name behind typeof that is used as well': `return typeof process === 'object' ? process.env : 1`,
    'a long name': `return ${'a'.repeat(500)}`,
    'a computed class member': 'class A { [process] = 1 }\nreturn 1',
    'a tag of a template': 'return process`x`',
    'a name of the language that is assigned': 'Math = null\nreturn 1',
    'tools that are replaced': 'tools = {}\nreturn 1',
  },
  warned: {
    'typeof of a name': 'return typeof process',
    'a question for the environment': `return typeof window === 'undefined'`,
  },
  allowed: {
    'a name that only the body of a function declares, used there':
      'return (function (a = 1) { var process = a; return process })()',
    'a variable that a nested pattern declares':
      'const [{ a: { process } = {} }] = data\nreturn process',
    'the parameter of a catch in its own pattern':
      'try { data.x() } catch ({ message, text = message }) { return text }',
    'a name that a static block declares':
      'class A { static { var process = 1; this.x = process } }\nreturn A.x',
    'the names of the run': 'console.log(data, tools)\nreturn 1',
    'names of the language':
      'return [Math, JSON, Map, Set, Promise, Proxy, Reflect, Intl, BigInt, Symbol].length',
    'names of the platform':
      'return [URL, URLSearchParams, TextEncoder, structuredClone, atob, crypto, performance].length',
    'a variable called process': 'const process = (x) => x\nreturn process(1)',
    'a variable called data': 'let data = 1\nreturn data',
    'a parameter called module': 'return [1].map((module) => module)',
    'a function used before its declaration': 'return f()\nfunction f() { return 1 }',
    'a class name inside the class': 'return (class A { static x = 1; get() { return A.x } }).x',
    'the name of a function expression': 'return (function f(n) { return n ? f(n - 1) : 0 })(3)',
    'a caught error': 'try { data.x() } catch (error) { return error.message }',
    labels: 'outer: for (const a of data) { continue outer }\nreturn 1',
    'property names': 'return { process: 1, global: 2 }.process + data.window',
    'private names': 'class A { #fetch = 1; get() { return this.#fetch } }\nreturn new A().get()',
    arguments: 'return (function () { return arguments.length })(1)',
    'a new value for data': 'data = data.filter(Boolean)\nreturn data',
    'new.target': 'return (function () { return new.target })()',
  },
})
