import type { Finding } from '../verdict.ts'
import type { OutputValidator, RunOutput } from './output-validator.ts'

/**
 * Withholds the result of a `read` run that changed something: one whose journal holds a call of a tool
 * that is not `readOnly`, unless the gate refused the call. Goes by what happened; what the output says
 * of itself does not count.
 */
export class ReadOnlyValidator implements OutputValidator {
  readonly name = 'read-only'

  validate({ action, calls }: RunOutput): readonly Finding[] {
    if (action !== 'read') return []
    const tools = new Set(
      calls
        .filter(({ readOnly, answer }) => readOnly !== true && !isRefused(answer))
        .map(({ tool }) => tool),
    )
    return [...tools].map((tool) => ({
      ruleId: 'read-only',
      source: this.name,
      severity: 'violation',
      message: `The run may only read and called "${tool}", which changes something`,
    }))
  }
}

type Answer = RunOutput['calls'][number]['answer']

/** A call refused at the gate is in the journal too, and never left. */
function isRefused(answer: Answer): boolean {
  return answer?.kind === 'error' && answer.code === 'ERR_TOOL_DENIED'
}
