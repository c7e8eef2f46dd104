import { join } from 'node:path'

const VITEST = 'node_modules/vitest/vitest.mjs'
const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const TSC = 'node_modules/typescript/bin/tsc'

const lint = (rest) => ({ args: [BIOME, 'check', ...rest] })
// What is shipped is measured: a bench never runs over an older build.
const build = { args: ['scripts/build.mjs'] }
const types = (rest) => ({ args: [TSC, '-p', 'tsconfig.json', ...rest] })

// One entry per npm script: the steps that it runs, each a script for the chosen Node.
const COMMANDS = {
  prepare: () => [],
  start: (rest) => [{ args: ['examples/shop/main.ts', ...rest] }],
  test: (rest) => [{ args: [VITEST, 'run', ...rest] }],
  'test:matrix': (rest) => [{ args: ['scripts/test-matrix.mjs', ...rest] }],
  check: (rest) => [lint([]), types([]), { args: [VITEST, 'run', '--project', 'fast', ...rest] }],
  lint: (rest) => [lint(rest)],
  format: (rest) => [lint(['--write', ...rest])],
  types: (rest) => [types(rest)],
  build: (rest) => [{ args: ['scripts/build.mjs', ...rest] }],
  'bench:sandbox': (rest) => [build, { args: ['bench/sandbox.ts', ...rest] }],
  'bench:soak': (rest) => [build, { args: ['bench/soak.ts', ...rest] }],
  'bench:crash': (rest) => [build, { args: ['bench/reliability/crash-rounds.ts', ...rest] }],
  'bench:journal': (rest) => [build, { args: ['bench/reliability/journal-cost.ts', ...rest] }],
  'bench:analysis': (rest) => [build, { args: ['bench/analysis.ts', ...rest] }],
  'bench:types': (rest) => [{ args: ['bench/type-check.ts', ...rest] }],
  'bench:sql': (rest) => [{ args: ['bench/sql-verdict.ts', ...rest] }],
  'fuzz:analysis': (rest) => [build, { args: ['bench/fuzz-analysis.ts', ...rest] }],
  'fuzz:channel': (rest) => [build, { args: ['bench/fuzz-channel.ts', ...rest] }],
  'fuzz:sql': (rest) => [{ args: ['bench/sql-fuzz.ts', ...rest] }],
  'fuzz:sql-engines': (rest) => [{ args: ['bench/sql-differential.ts', ...rest] }],
}

export const usage = `Usage: node scripts/setup.mjs ${Object.keys(COMMANDS).join(' | ')}`

export function isCommand(name) {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

/** The steps of one command, in order; the first that fails ends it. */
export function commandSteps(name, rest, root) {
  return COMMANDS[name](rest).map(({ args: [script, ...args] }) => ({
    args: [join(root, script), ...args],
  }))
}
