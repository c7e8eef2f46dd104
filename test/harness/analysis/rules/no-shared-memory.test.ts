import { testRule } from './rule-table.ts'

testRule('no-shared-memory', {
  denied: {
    'shared memory': 'return new SharedArrayBuffer(4)',
    'waiting on it': 'return Atomics.wait(data, 0, 0)',
    'shared memory as a value': 'return [SharedArrayBuffer].length',
  },
  allowed: {
    'memory of its own': 'return new ArrayBuffer(4).byteLength',
    'a variable of that name': 'const Atomics = data\nreturn Atomics.length',
  },
})
