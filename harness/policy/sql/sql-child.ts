import type { JsonValue } from '../../json-value.ts'
import { serveCalls } from '../../parsing/killable-child.ts'
import { judgeStatement } from './judge-statement.ts'
import type { SqlQuestion } from './sql-verdict.ts'

// The parsing child of DataPolicy: one question in, one verdict out, both plain data of our own making.
serveCalls(async (message: JsonValue): Promise<JsonValue> => {
  try {
    return (await judgeStatement(message as unknown as SqlQuestion)) as unknown as JsonValue
  } catch {
    // A parser that failed in a way it should not may be left in any state; the host starts another.
    process.exit(1)
  }
})
