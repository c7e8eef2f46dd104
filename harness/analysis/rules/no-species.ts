import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import { isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

/** `Symbol.species`: decides which constructor the methods of arrays and promises call. */
export const noSpecies: Rule = {
  id: 'no-species',
  severity: 'violation',
  reports: '`Symbol.species`',
  because:
    'It makes methods of arrays and promises call a constructor that the program has chosen, in places that nobody looks at.',
  message:
    '"Symbol.species" is not allowed: it makes the language call a constructor of your choice',
  hint: 'Leave it out; call the constructor that you need where you need it',
  examples: {
    reported:
      'class List extends Array {\n  static get [Symbol.species]() { return Object }\n}\nreturn new List(1, 2).map((n) => n)',
    allowed:
      'class List extends Array {\n  total() { return this.reduce((a, b) => a + b, 0) }\n}\nreturn List.of(1, 2).total()',
    repaired: 'class List extends Array {}\nreturn Array.from(List.of(1, 2), (n) => n)',
  },
  *find(program) {
    for (const { name, path } of program.reachedNames) {
      if (name === 'species' && isOfSymbol(path, program)) yield { at: path.node }
    }
  },
}

/** `Symbol.species`, or `const { species } = Symbol`. */
function isOfSymbol(path: SyntaxPath, program: ProgramView): boolean {
  if (isMember(path)) return program.isFree(path.get('object'), 'Symbol')
  const declarator = path.parent?.parent
  return (
    declarator?.is('VariableDeclarator') === true &&
    program.isFree(declarator.get('init'), 'Symbol')
  )
}
