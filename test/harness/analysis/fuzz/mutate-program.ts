import type { ProgramLanguage } from '../../../../harness/program.ts'
import type { RandomSource } from './random-source.ts'

/** A text with the language it is said to be in. */
export interface FuzzText {
  readonly source: string
  readonly language: ProgramLanguage
}

const MAX_LENGTH = 65_536

/** What is thrown into programs: everything that starts, ends or changes the meaning of something. */
const FRAGMENTS: readonly string[] = [
  ...'()[]{}<>;,.:?!~=+-*/%&|^@#`\'"\\\n\r\t\0'.split(''),
  ...'await async yield import export default return function class extends new delete typeof'.split(
    ' ',
  ),
  ...'void in of instanceof if else for while do switch case break continue try catch finally'.split(
    ' ',
  ),
  ...'throw with let const var static get set enum namespace interface type as satisfies'.split(
    ' ',
  ),
  ...'eval Function constructor __proto__ prototype arguments this super tools data process'.split(
    ' ',
  ),
  'require("fs")',
  'import("fs")',
  'import x from "y"\n',
  'export default ',
  'import.meta',
  '=>',
  '...',
  '?.',
  '??=',
  '**',
  '<!--',
  '-->',
  '#!',
  '/*',
  '*/',
  '//',
  '${',
  '`${`',
  '<T>(',
  '<T,>(x: T) => ',
  'x as unknown as ',
  '/[/]/v',
  '/(a+)+$/',
  '/(?<n>a)\\k<n>/u',
  '/(/',
  '\\u0065val',
  '\\u{63}onstructor',
  '\u202e',
  '\u2028',
  '\u2066',
  '\u200d',
  '\u3164',
  '\ufeff',
  '\ud800',
  '\u{1f600}',
  '0x1n',
  '1e9',
  '08',
  '1_000',
  'label: ',
  'static {',
  '#private',
  'async *[Symbol.iterator]() {',
  'tools.sql({ query: ',
  'tools["sql"]',
  'await tools.',
  'for await (const x of ',
  'using x = ',
  'enum E { a = 1 }\n',
  '@decorator ',
  'a'.repeat(500),
  '['.repeat(60),
  '('.repeat(60),
  '`${'.repeat(40),
  'x=>'.repeat(60),
  '!'.repeat(300),
  '+1'.repeat(300),
  '.a'.repeat(300),
  '<T>('.repeat(8),
  'if(x)'.repeat(60),
  'a?b:'.repeat(60),
]

type Mutation = (text: string, random: RandomSource, others: readonly string[]) => string

const MUTATIONS: readonly Mutation[] = [
  // Something in the middle goes.
  (text, random) => {
    const [start, end] = range(text, random)
    return text.slice(0, start) + text.slice(end)
  },
  // Something comes in.
  (text, random) => {
    const at = random.below(text.length + 1)
    return text.slice(0, at) + random.pick(FRAGMENTS) + text.slice(at)
  },
  // Something is replaced.
  (text, random) => {
    const [start, end] = range(text, random, 20)
    return text.slice(0, start) + random.pick(FRAGMENTS) + text.slice(end)
  },
  // A part is repeated.
  (text, random) => {
    const [start, end] = range(text, random)
    return text.slice(0, end) + text.slice(start, end).repeat(random.below(20)) + text.slice(end)
  },
  // Two parts change places.
  (text, random) => {
    const [a, b] = range(text, random)
    const [c, d] = [b + random.below(text.length - b + 1), text.length]
    return text.slice(0, a) + text.slice(c, d) + text.slice(b, c) + text.slice(a, b)
  },
  // The end is missing.
  (text, random) => text.slice(0, random.below(text.length + 1)),
  // A part of another program comes in.
  (text, random, others) => {
    const other = random.pick(others)
    const [start, end] = range(other, random)
    const at = random.below(text.length + 1)
    return text.slice(0, at) + other.slice(start, end) + text.slice(at)
  },
  // One character changes.
  (text, random) => {
    const at = random.below(text.length + 1)
    return text.slice(0, at) + String.fromCharCode(random.below(0x3000)) + text.slice(at + 1)
  },
  // One name becomes another.
  (text, random) => {
    const words = text.match(/[A-Za-z_$][\w$]*/g) ?? ['x']
    return text.replaceAll(random.pick(words), () => random.pick(words))
  },
  // Everything goes into brackets.
  (text, random) => {
    const depth = random.below(80)
    const [open, close] = random.pick([
      ['(', ')'],
      ['{', '}'],
      ['(async () => {', '})()'],
      ['if (data) {', '}'],
      ['for (;;) {', '}'],
    ] as const)
    return open.repeat(depth) + text + close.repeat(depth)
  },
]

/** A program with up to eight things done to it that nobody would do, most often one or two. */
export function mutateProgram(programs: readonly FuzzText[], random: RandomSource): FuzzText {
  const others = programs.map(({ source }) => source)
  const { source, language } = random.pick(programs)
  let text = source
  const most = random.pick([1, 1, 2, 2, 3, 8])
  for (let count = 1 + random.below(most); count > 0; count -= 1) {
    text = random.pick(MUTATIONS)(text, random, others).slice(0, MAX_LENGTH)
  }
  const other = random.below(4) === 0
  return { source: text, language: other ? (language === 'js' ? 'ts' : 'js') : language }
}

function range(text: string, random: RandomSource, longest = 400): [start: number, end: number] {
  const start = random.below(text.length + 1)
  return [start, Math.min(text.length, start + random.below(longest))]
}
