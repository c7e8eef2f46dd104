import type { JsonValue } from '../json-value.ts'
import { serveCalls } from './killable-child.ts'
import type { ProgramQuestion } from './program-message.ts'
import { readProgram } from './read-program.ts'

// The first program is some twenty times slower than the next, while the engine compiles the parsers.
// The deadline of a run starts when the child says that it is ready, so this one is not counted.
readProgram({
  source: 'enum A { x }\nconst a: number = data.map((x) => x)[A.x]\nreturn tools.none({ a })',
  language: 'ts',
  toolNames: [],
  skipRules: false,
})

serveCalls((message) => {
  try {
    // Only the host writes to this process.
    return readProgram(message as unknown as ProgramQuestion) as unknown as JsonValue
  } catch {
    // The lowering library is WebAssembly: once its stack has overflowed, every later call of it fails
    // (measured with amaro 1.2.1), so the next program needs another process.
    process.exit(1)
  }
})
