import type { Rule } from '../rule.ts'
import { isAssigned } from '../syntax/names.ts'
import { isMember, type SyntaxPath } from '../syntax/syntax-path.ts'

/** `constructor` by any spelling: from every value it leads to the function that compiles text. */
export const noConstructorAccess: Rule = {
  id: 'no-constructor-access',
  severity: 'violation',
  reports:
    'reaching `constructor`, however the name is put together; `value.constructor.name` may be read',
  because:
    'From any literal or instance, `constructor` leads to the function that turns text into code. Names made of pieces, char codes or reversed strings are worked out.',
  message: '"constructor" is not allowed: it leads to the function that compiles text',
  hint: 'Name the class itself; to tell values apart use instanceof, or error.name for errors',
  examples: {
    reported: "return [].filter['con' + 'structor']('return 1')()",
    allowed: 'class Order { constructor(id) { this.id = id } }\nreturn new Order(7).id',
    repaired: 'return 1',
  },
  *find(program) {
    for (const { name, path } of program.reachedNames) {
      if (name === 'constructor' && !isNameOfClass(path)) yield { at: path.node }
    }
  },
}

/** `value.constructor.name` is a text, and nothing but read. */
function isNameOfClass({ parent, key }: SyntaxPath): boolean {
  if (key !== 'object' || !isMember(parent)) return false
  const { property, computed } = parent.node
  const isName = computed !== true && property.type === 'Identifier' && property.name === 'name'
  return isName && !isAssigned(parent)
}
