import { testRule } from './rule-table.ts'

testRule('no-species', {
  denied: {
    'a getter':
      'class A extends Array { static get [Symbol.species]() { return Object } }\nreturn 1',
    'an assignment': 'class A extends Array {}\nA[Symbol.species] = Object\nreturn 1',
    'a spelled out name': `return Array[Symbol['spec' + 'ies']]`,
    'a destructured symbol': 'const { species } = Symbol\nreturn Array[species]',
  },
  allowed: {
    'a field called species': 'return data.animals.map((animal) => animal.species)',
    'a destructured field': 'const { species } = data\nreturn species',
    'another symbol': 'return data[Symbol.iterator] === undefined',
    'a Symbol of the program': 'const Symbol = { species: 1 }\nreturn Symbol.species',
  },
})
