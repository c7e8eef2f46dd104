import type { Rule } from '../rule.ts'

const SHARED: ReadonlySet<string> = new Set(['SharedArrayBuffer', 'Atomics'])

/** `SharedArrayBuffer` and `Atomics`: clocks of high resolution, and ways to block a thread. */
export const noSharedMemory: Rule = {
  id: 'no-shared-memory',
  severity: 'violation',
  reports: '`SharedArrayBuffer` and `Atomics`',
  because:
    'Shared memory makes a clock that is fine enough to observe the machine, and Atomics.wait stops a thread where no deadline of the language reaches it.',
  message: '{name} is not allowed: there is one thread and no shared memory',
  hint: 'Use ArrayBuffer and promises',
  examples: {
    reported:
      'const cell = new Int32Array(new SharedArrayBuffer(4))\nreturn Atomics.wait(cell, 0, 0, 1000)',
    allowed: 'const cell = new Int32Array(new ArrayBuffer(4))\nreturn cell.length',
    repaired: 'await new Promise((resolve) => setTimeout(resolve, 1000))\nreturn "timed-out"',
  },
  *find(program) {
    for (const { name, path } of program.freeNames) {
      if (SHARED.has(name)) yield { at: path.node, name }
    }
  },
}
