import type { NodePath } from '@babel/traverse'
import type * as t from '@babel/types'
import type { ProgramFacts } from '../program.ts'
import type { ConstantFolder } from './constant-value.ts'
import type { ProgramView } from './program-view.ts'
import { canBacktrackWithoutBound } from './regex-hazard.ts'
import { isLoopUnbounded } from './unbounded-loop.ts'

type Hazard = ProgramFacts['resourceHazards'][number]

/** Sizes below this one are not worth a line in the record. */
const SMALLEST_SIZE = 1_000
const MAX_HAZARDS = 200

/** What a program could spend more time or memory on than it has, as far as its text shows. */
export function resourceHazards(program: ProgramView): readonly Hazard[] {
  const { folder } = program
  const hazards = [
    ...unboundedLoops(program, folder),
    ...largeRanges(program, folder),
    ...largeAllocations(program, folder),
    ...recursions(program),
    ...expensiveExpressions(program),
  ]
  return hazards.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_HAZARDS)
}

function unboundedLoops(program: ProgramView, folder: ConstantFolder): Hazard[] {
  return program
    .paths('ForStatement', 'WhileStatement', 'DoWhileStatement')
    .filter((path) => isLoopUnbounded(path, folder))
    .map((path) => ({
      kind: 'unbounded-loop',
      message: 'This loop has no end that can be reached',
      ...program.at(path.node),
    }))
}

/** `for (let i = 0; i < 1e9; i++)` */
function largeRanges(program: ProgramView, folder: ConstantFolder): Hazard[] {
  return program.paths('ForStatement').flatMap((path) => {
    const test = path.get('test') as NodePath
    const update = path.get('update') as NodePath
    if (!test.isBinaryExpression()) return []
    const bounds = [test.get('left'), test.get('right')].map(
      (side) => folder.fold(side as NodePath)?.value,
    )
    const bound = bounds.find((value) => typeof value === 'number')
    const step = stepOf(update, folder)
    const start = startOf(path, folder)
    if (typeof bound !== 'number' || step === null || start === null) return []
    const size = Math.floor(Math.abs(bound - start) / step)
    return size < SMALLEST_SIZE
      ? []
      : [
          {
            kind: 'large-range' as const,
            message: `This loop runs ${size} times`,
            size,
            ...program.at(path.node),
          },
        ]
  })
}

function startOf(path: NodePath<t.ForStatement>, folder: ConstantFolder): number | null {
  const init = path.get('init') as NodePath
  if (!init.isVariableDeclaration()) return null
  const start = folder.fold(init.get('declarations')[0]?.get('init') as NodePath)?.value
  return typeof start === 'number' ? start : null
}

function stepOf(update: NodePath, folder: ConstantFolder): number | null {
  if (update.isUpdateExpression()) return 1
  if (!update.isAssignmentExpression()) return null
  if (update.node.operator !== '+=' && update.node.operator !== '-=') return null
  const step = folder.fold(update.get('right'))?.value
  return typeof step === 'number' && step > 0 ? step : null
}

/** Which argument of a call or constructor is a number of elements. */
const SIZED = new Map<string, number>([
  ['Array', 0],
  ['ArrayBuffer', 0],
  ['Uint8Array', 0],
  ['Int8Array', 0],
  ['Uint8ClampedArray', 0],
  ['Uint16Array', 0],
  ['Int16Array', 0],
  ['Uint32Array', 0],
  ['Int32Array', 0],
  ['Float32Array', 0],
  ['Float64Array', 0],
  ['BigInt64Array', 0],
  ['BigUint64Array', 0],
  ['repeat', 0],
  ['padStart', 0],
  ['padEnd', 0],
])

function largeAllocations(program: ProgramView, folder: ConstantFolder): Hazard[] {
  return program.paths('NewExpression', 'CallExpression').flatMap((path) => {
    const size = sizeOf(path, program, folder)
    if (size === null || size < SMALLEST_SIZE) return []
    const message = `This creates ${size} elements at once`
    return [{ kind: 'large-allocation' as const, message, size, ...program.at(path.node) }]
  })
}

function sizeOf(
  path: NodePath<t.NewExpression | t.CallExpression>,
  program: ProgramView,
  folder: ConstantFolder,
): number | null {
  const callee = path.get('callee') as NodePath
  const [first] = path.get('arguments') as NodePath[]
  let name: string | null = null
  if (program.isFree(callee)) name = callee.isIdentifier() ? callee.node.name : null
  else if (callee.isMemberExpression()) name = folder.memberName(callee)
  if (name === 'from' && first?.isObjectExpression()) return lengthOf(first, folder)
  if (name === null || !SIZED.has(name)) return null
  const size = folder.fold(first)?.value
  return typeof size === 'number' ? size : null
}

/** `Array.from({ length: 1e9 })` */
function lengthOf(object: NodePath<t.ObjectExpression>, folder: ConstantFolder): number | null {
  for (const property of object.get('properties')) {
    if (!property.isObjectProperty() || folder.keyName(property) !== 'length') continue
    const length = folder.fold(property.get('value') as NodePath)?.value
    return typeof length === 'number' ? length : null
  }
  return null
}

function recursions(program: ProgramView): Hazard[] {
  return program
    .paths('FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression')
    .flatMap((path) => {
      const name = nameOf(path)
      const binding = name === null ? undefined : path.parentPath?.scope.getBinding(name)
      const own = name === null ? undefined : (path.scope.getOwnBinding(name) ?? binding)
      const isRecursive = own?.referencePaths.some(
        (reference) => reference.key === 'callee' && reference.isDescendant(path),
      )
      if (!isRecursive) return []
      const message = 'This function calls itself'
      return [{ kind: 'recursion' as const, message, ...program.at(path.node) }]
    })
}

function nameOf(path: NodePath<t.Function>): string | null {
  const { node, parent } = path
  if ('id' in node && node.id?.type === 'Identifier') return node.id.name
  const isNamed = parent.type === 'VariableDeclarator' && parent.id.type === 'Identifier'
  return isNamed && parent.id.type === 'Identifier' ? parent.id.name : null
}

function expensiveExpressions(program: ProgramView): Hazard[] {
  return program
    .paths('RegExpLiteral')
    .filter(({ node }) => canBacktrackWithoutBound(node.pattern))
    .map(({ node }) => ({
      kind: 'regex',
      message: 'This regular expression repeats a repetition and can take very long on some texts',
      ...program.at(node),
    }))
}
