import type { JsonValue } from '../json-value.ts'
import { serveCalls } from './killable-child.ts'
import type { ProgramQuestion } from './program-message.ts'
import { readProgram } from './read-program.ts'

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
