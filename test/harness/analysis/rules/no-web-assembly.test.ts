import { testRule } from './rule-table.ts'

testRule('no-web-assembly', {
  denied: {
    'a module': 'return new WebAssembly.Module(new Uint8Array(data))',
    'the object itself': 'const w = WebAssembly\nreturn w',
    'a question for it': 'return typeof WebAssembly',
  },
  allowed: {
    'the word in a text': `return 'WebAssembly'`,
    'a variable of that name': 'const WebAssembly = data\nreturn WebAssembly',
  },
})
