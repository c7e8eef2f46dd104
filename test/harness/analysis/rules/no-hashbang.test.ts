import { testRule } from './rule-table.ts'

testRule('no-hashbang', {
  denied: { 'an interpreter in the first line': '#!/usr/bin/env node\nreturn 1' },
  allowed: { 'a private name': 'class A { #x = 1; get() { return this.#x } }\nreturn 1' },
})
