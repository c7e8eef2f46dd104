import { parse } from '@babel/parser'
import { describe, expect, it } from 'vitest'
import { bindingOf } from '../../../../harness/analysis/syntax/names.ts'
import { SyntaxTree } from '../../../../harness/analysis/syntax/syntax-tree.ts'
import { read } from '../read-for-test.ts'

function treeOf(source: string): SyntaxTree {
  const text = `(async function () {"use strict";\n${source}\n})`
  return new SyntaxTree(parse(text, { sourceType: 'script' }).program)
}

function freeIn(source: string): string[] {
  return treeOf(source).freeNames.map(({ name }) => name)
}

describe('names', () => {
  it.each([
    ['a parameter default does not see the body', '(function (a = x) { var x })()', ['x']],
    ['a parameter default sees the parameters', '(function (x, a = x) {})()', []],
    ['a switch does not see its cases', 'switch (x + x) { default: let x }', ['x', 'x']],
    [
      'nor does a function in what is switched on',
      'switch ((() => x)()) { default: let x }',
      ['x'],
    ],
    ['the cases see each other', 'switch (1) { case 1: let x; default: x }', []],
    ['a block keeps its names', '{ let x } x', ['x']],
    ['var leaves a block', '{ var x } x', []],
    ['var stays in its function', '(() => { var x })(); x', ['x']],
    ['var stays in a static block', 'class A { static { var x } } x', ['x']],
    ['a function in a block stays there', '{ function x() {} } x', ['x']],
    ['a function is there before it is declared', 'x(); function x() {}', []],
    ['the name of a function expression is its own', '(function x() { x() }); x', ['x']],
    ['the name of a class expression is its own', '(class x { y() { return x } }); x', ['x']],
    ['a caught error ends with its clause', 'try {} catch (x) { x } x', ['x']],
    ['a catch pattern sees its own names', 'try {} catch ({ a, b = a }) { b }', []],
    ['a loop variable ends with the loop', 'for (const x of []) { x } x', ['x']],
    ['a loop goes through something before it has a name', 'for (const x of x) {}', []],
    ['labels are not names', 'x: for (;;) { continue x }', []],
    ['properties are not names', '({ x: 1, y() {} }).x', []],
    ['computed properties are', '({ [x]: 1, [y]() {} })[z]', ['x', 'y', 'z']],
    ['shorthands are', '({ x })', ['x']],
    ['private names are not', 'class A { #x = 1; y() { return this.#x } }', []],
    ['patterns declare', 'const { a: [b, ...c], ...d } = {}; [b, c, d]', []],
    ['keys of patterns do not', 'const { a: b } = {}; a', ['a']],
    ['computed keys of patterns are read', 'const { [x]: b } = {}', ['x']],
    ['arguments comes from outside', '(function () { return arguments })', ['arguments']],
    ['new.target and import() name nothing', '(function () { return new.target })', []],
    ['a class may extend an expression', 'class A extends x.y {}', ['x']],
  ])('%s', (_name, source, free) => {
    expect(freeIn(source)).toEqual(free)
  })
})

describe('values', () => {
  function constancyOf(source: string): Record<string, boolean> {
    const names: Record<string, boolean> = {}
    for (const path of treeOf(source).paths('Identifier')) {
      const binding = bindingOf(path)
      if (binding !== undefined) names[binding.name] = binding.isConstant
    }
    return names
  }

  it.each([
    ['let a = 1; a', true],
    ['let a = 1; a = 2', false],
    ['let a = 1; a += 2', false],
    ['let a = 1; a++', false],
    ['let a = 1; [a] = []', false],
    ['let a = 1; ({ x: a } = {})', false],
    ['let a = 1; ({ x: a = 1 } = {})', false],
    ['let a = 1; [...a] = []', false],
    ['let a = 1; for (a of []) {}', false],
    ['let a = 1; for (a in {}) {}', false],
    ['var a = 1; var a = 2', false],
    ['for (;;) { var a = 1 }', false],
    ['for (;;) { let a = 1; a }', true],
    ['function a() {} a()', true],
    ['function a() {} a = 1', false],
    ['(function (a) { var a; return a })', false],
    ['let a = 1; (() => { a = 2 })', false],
  ])('of %s: one is %s', (source, isConstant) => {
    expect(constancyOf(source)['a']).toBe(isConstant)
  })
})

describe('a tree', () => {
  it('knows what is inside what', () => {
    const tree = treeOf('if (a) { b } c')
    const [test] = tree.paths('IfStatement')
    const [a, b, c] = tree.freeNames.map(({ path }) => path)
    if (!test || !a || !b || !c) throw new Error('The text has these nodes')
    expect([a, b, c].map((path) => path.isInside(test))).toEqual([true, true, false])
  })

  it('gives nodes of several types, type by type', () => {
    const types = treeOf('a(); new b(); c()')
      .paths('NewExpression', 'CallExpression')
      .map(({ node }) => node.type)
    expect(types).toEqual(['NewExpression', 'CallExpression', 'CallExpression'])
  })

  it('refuses what is nested too deep, and says where', () => {
    expect(read(`return 1${'+1'.repeat(1_100)}`)).toMatchObject({
      ok: false,
      code: 'ERR_SANDBOX_LIMIT',
      findings: [{ ruleId: 'program-nesting', line: 1 }],
    })
  })

  it('takes what people nest', () => {
    expect(read(`return 1${'+1'.repeat(900)}`)).toMatchObject({ ok: true })
  })
})
