import { testRule } from './rule-table.ts'

testRule('no-eval', {
  denied: {
    'a direct call': `return eval('1')`,
    'an indirect call': `return (0, eval)('1')`,
    'an alias': 'const run = eval\nreturn run',
    'eval as a value in a callback': 'return [1].map(() => eval)[0]',
    'Function with new': `return new Function('return 1')()`,
    'Function without new': `return Function('return 1')()`,
    'Function as a template tag': 'return Function`return 1`',
    'a class that extends Function': 'class A extends Function {}\nreturn 1',
    'Function.prototype': 'return Function.prototype.call',
    'setTimeout with text': `setTimeout('x()', 1)\nreturn 1`,
    'setTimeout with text behind a name': `const code = 'x()'\nsetTimeout(code, 1)\nreturn 1`,
    'setInterval with a template': 'setInterval(`x${1}`, 1)\nreturn 1',
  },
  allowed: {
    'a method called evaluate': 'return data.evaluate()',
    'the word in a string': `return 'eval(1)'`,
    'a property called eval': 'return data.eval',
    'a test for functions': 'return data.x instanceof Function',
    'setTimeout with a function': 'await new Promise((done) => setTimeout(done, 1))\nreturn 1',
  },
})
