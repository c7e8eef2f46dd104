import type { Checks } from '../check.ts'

/** What engines have and a program is not given: each stands in the differences. */
export const codeGeneration: Checks = {
  'eval runs text': 'return eval("1 + 1") === 2',
  'eval sees the names around it': 'const x = 5; return eval("x") === 5',
  'indirect eval runs in the global scope': 'return (0, eval)("typeof arguments") === "undefined"',
  'Function makes functions of text':
    'return new Function("a", "return a + 1")(1) === 2 && Function("return this")() === globalThis',
  'the other function classes make functions of text':
    'return [...(function* () {}).constructor("yield 1")()][0] === 1 && (await (async () => 1).constructor("return 2")()) === 2',
  'Error.prepareStackTrace decides the stack':
    'Error.prepareStackTrace = () => "mine"; const s = new Error("m").stack; delete Error.prepareStackTrace; return s === "mine"',
  WebAssembly: 'return typeof WebAssembly.Module === "function"',
  Temporal:
    'return Temporal.PlainDate.from("2024-02-29").add({ years: 1 }).toString() === "2025-02-28"',
  'the class of the errors of QuickJS': 'return new InternalError("x") instanceof Error',
}
