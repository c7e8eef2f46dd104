import fc from 'fast-check'

const name = fc.oneof(
  fc.constantFrom('data', 'tools', 'process', 'args', 'undefined'),
  fc.nat(300).map((number) => `v${number}`),
)
const property = fc.constantFrom('id', 'name', 'length', 'constructor', 'then', '__proto__', 'map')
const binary = fc.constantFrom(
  '+',
  '-',
  '*',
  '**',
  '<',
  '===',
  '&&',
  '||',
  '??',
  'in',
  'instanceof',
)

/** Texts that follow the grammar most of the time, with names that mean something to the rules. */
const { statements } = fc.letrec<{
  expression: string
  pattern: string
  statement: string
  statements: string
}>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    name,
    fc.integer({ min: -9, max: 1_000_000 }).map((number) => `(${number})`),
    fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('null', 'this', '/(a|a)*b/', '/(?<n>[^a])\\k<n>/u', '`x`', '1n', '[]', '({})'),
    fc.tuple(tie('expression'), binary, tie('expression')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('expression'), property).map(([a, key]) => `${a}.${key}`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `${a}[${b}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([f, x]) => `${f}(${x})`),
    fc.tuple(tie('expression'), tie('expression')).map(([f, x]) => `new (${f})(...${x})`),
    fc.tuple(tie('pattern'), tie('expression')).map(([p, x]) => `(async (${p}) => ${x})`),
    fc
      .tuple(tie('pattern'), tie('statements'))
      .map(([p, s]) => `(async function a(${p}) { ${s} })`),
    fc.tuple(name, tie('expression')).map(([n, x]) => `({ ${n}, [${x}]: ${x}, ${n}() {} })`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `[${a}, , ...${b}]`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(name, tie('expression')).map(([n, x]) => `(${n} = ${x})`),
    tie('expression').map((x) => `(await ${x})`),
    tie('expression').map((x) => `\`a\${${x}}b\``),
    fc
      .tuple(property, tie('expression'))
      .map(([p, x]) => `(class { #x = ${x}; static ${p}() { return this.#x } })`),
    tie('expression').map((x) => `tools.sql({ query: ${x} })`),
  ),
  pattern: fc.oneof(
    { maxDepth: 3 },
    name,
    fc.tuple(name, tie('expression')).map(([n, x]) => `${n} = ${x}`),
    fc.tuple(property, name).map(([key, n]) => `{ ${key}: ${n} }`),
    fc.tuple(name, tie('expression')).map(([n, x]) => `{ ${n} = ${x} }`),
    tie('pattern').map((p) => `[, ${p}]`),
    name.map((n) => `[...${n}]`),
  ),
  statement: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    tie('expression').map((x) => `${x};`),
    fc
      .tuple(fc.constantFrom('var', 'var', 'let'), tie('pattern'), tie('expression'))
      .map(([kind, p, x]) => `${kind} ${p} = ${x};`),
    fc
      .tuple(tie('expression'), tie('statements'))
      .map(([x, s]) => `if (${x}) { ${s} } else { ${s} }`),
    fc
      .tuple(name, tie('expression'), tie('statements'))
      .map(([n, x, s]) => `for (const ${n} of ${x}) { ${s} }`),
    fc.tuple(tie('expression'), tie('statements')).map(([x, s]) => `while (${x}) { ${s} break }`),
    fc
      .tuple(name, tie('expression'), tie('statements'))
      .map(([n, x, s]) => `switch (${x}) { case ${n}: ${s} default: let ${n} }`),
    fc
      .tuple(tie('pattern'), tie('statements'))
      .map(([p, s]) => `try { ${s} } catch (${p}) { ${s} }`),
    fc
      .tuple(name, tie('pattern'), tie('statements'))
      .map(([n, p, s]) => `function ${n}(${p}) { ${s} }`),
    fc.tuple(name, tie('statements')).map(([n, s]) => `${n}: { ${s} break ${n} }`),
    tie('expression').map((x) => `return ${x};`),
    tie('expression').map((x) => `throw ${x};`),
  ),
  statements: fc
    .array(tie('statement'), { maxLength: 4, depthIdentifier: 'statements' })
    .map((all) => all.join(' ')),
}))

/** A program made by a grammar. */
export const generatedProgram: fc.Arbitrary<string> = statements
