import type { JsonValue } from '../../json-value.ts'
import { serveCalls } from '../../parsing/killable-child.ts'
import { loadParsers, StatementJudge } from './judge-statement.ts'
import type { SqlQuestion } from './sql-verdict.ts'

// The parsing child of DataPolicy: one question in, one reading out, both plain data of our own making.

// One policy asks, in one dialect most often.
const MAX_JUDGES = 4
const judges = new Map<string, StatementJudge>()

function judgeFor({ dialect, rulesText }: SqlQuestion): StatementJudge {
  const key = `${dialect} ${rulesText}`
  const known = judges.get(key)
  if (known !== undefined) return known
  const [oldest] = judges
  if (oldest !== undefined && judges.size >= MAX_JUDGES) {
    oldest[1].close()
    judges.delete(oldest[0])
  }
  const judge = new StatementJudge(dialect, JSON.parse(rulesText))
  judges.set(key, judge)
  return judge
}

await loadParsers()

serveCalls((message: JsonValue): JsonValue => {
  try {
    const question = message as unknown as SqlQuestion
    return judgeFor(question).judge(question.sql) as unknown as JsonValue
  } catch {
    // A parser that failed in a way it should not may be left in any state; the host starts another.
    process.exit(1)
  }
})
