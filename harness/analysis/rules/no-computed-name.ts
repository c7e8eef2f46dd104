import { isNumeric } from '../numeric.ts'
import type { ProgramView } from '../program-view.ts'
import type { Rule } from '../rule.ts'
import { bindingOf } from '../syntax/names.ts'
import { isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

/**
 * Functions reached by a name that cannot be worked out before the program runs. More than half of all
 * right programs have computed names, nearly all of them in lookups of plain data, which are not reported.
 */
export const noComputedName: Rule = {
  id: 'no-computed-name',
  severity: 'warning',
  reports:
    'calling or constructing what is reached by a name that is computed while the program runs',
  because:
    'What it reaches cannot be read off the text. It is allowed because it is harmless there: in the sandbox no value leads to a function that turns text into code, what a program changes of the language is gone with the program, and every tool call passes the gate with its real name. The finding is for whoever approves the program.',
  message: 'What is called here depends on a name that is computed while the program runs',
  hint: 'Write the name out, or look functions up in a Map',
  examples: {
    reported: 'const methods = data.methods\nreturn [3, 1, 2][methods[0]]()',
    allowed:
      'const counts = {}\nfor (const row of data) counts[row.kind] = (counts[row.kind] ?? 0) + 1\nreturn counts',
    repaired: 'return [3, 1, 2].toSorted()',
  },
  *find(program) {
    for (const type of ['MemberExpression', 'OptionalMemberExpression'] as const) {
      for (const path of program.paths(type)) {
        if (path.node.computed === true && isCalled(path) && !isKnown(path, program)) {
          yield { at: path.node }
        }
      }
    }
  },
}

/** `a[k]()`, `new a[k]()`, a[k]`…`, and `a[j][k]()`, where two names are chosen. */
function isCalled(path: SyntaxPath): boolean {
  const { parent, key } = path
  switch (parent?.node.type) {
    case 'CallExpression':
    case 'OptionalCallExpression':
    case 'NewExpression':
      return key === 'callee'
    case 'TaggedTemplateExpression':
      return key === 'tag'
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return key === 'object' && parent?.node.computed === true && isCalled(parent)
    default:
      return false
  }
}

function isKnown(path: SyntaxPath, program: ProgramView): boolean {
  const property = path.get('property')
  if (property === null || isNumeric(property, program.folder)) return true
  if (program.folder.text(property) !== null || isWellKnownSymbol(property, program)) return true
  return isTools(path.get('object'), program) || isOwnTable(path)
}

/** `Symbol.iterator` and the like. */
function isWellKnownSymbol(property: SyntaxPath, program: ProgramView): boolean {
  return isMember(property) && program.isFree(property.get('object'), 'Symbol')
}

/** The plan says "any tool" of `tools[name]()` already. */
function isTools(object: SyntaxPath | null, program: ProgramView): boolean {
  return program.isFree(object, 'tools')
}

/** `({ add: (a, b) => a + b })[name]`: a table of functions that the program has written out. */
function isOwnTable(path: SyntaxPath): boolean {
  let object = path.get('object')
  const binding = bindingOf(object)
  if (binding?.isConstant === true && binding.path.is('VariableDeclarator')) {
    object = binding.path.get('init')
  }
  if (object === null || !object.is('ObjectExpression')) return false
  return object.children.every((property) => {
    const type = property.get('value')?.node.type ?? ''
    return property.is('ObjectMethod') || /Function|Identifier/.test(type)
  })
}
