import type { ToolSchema } from '../sandbox/tool-host.ts'
import type { Finding } from '../verdict.ts'
import type { OutputValidator, RunOutput } from './output-validator.ts'

/** What an {@link OutputTypeValidator} is made of. */
export interface OutputTypeValidatorOptions {
  /** The shape that the result must have. Default: any JSON value. */
  readonly schema?: ToolSchema
}

const MAX_PROBLEMS = 20
const MAX_PROBLEM_LENGTH = 300

/**
 * Withholds a result that is not plain JSON, or not of the shape the endpoint promises.
 *
 * @example
 * ```ts
 * new OutputTypeValidator({ schema: resultSchema(jsonSchema({ type: 'object', required: ['total'] })) })
 * ```
 */
export class OutputTypeValidator implements OutputValidator {
  readonly name = 'output-type'
  readonly #schema: ToolSchema | null

  constructor(options: OutputTypeValidatorOptions = {}) {
    this.#schema = options.schema ?? null
  }

  async validate({ value }: RunOutput): Promise<readonly Finding[]> {
    if (!isJson(value)) {
      return [this.#violation('output-not-json', 'The result is not plain JSON')]
    }
    const answer = await this.#schema?.validate(value)
    if (answer === undefined || answer.ok) return []
    // A schema may refuse without saying why; an empty list of findings would let the result out.
    const problems = answer.problems.length === 0 ? ['It does not fit the schema'] : answer.problems
    return problems
      .slice(0, MAX_PROBLEMS)
      .map((text) => this.#violation('output-type', text.slice(0, MAX_PROBLEM_LENGTH)))
  }

  #violation(ruleId: string, message: string): Finding {
    return { ruleId, source: this.name, severity: 'violation', message, repairable: true }
  }
}

/** Without recursion: a result may nest deeper than the stack of whoever looks at it. */
function isJson(root: unknown): boolean {
  const seen = new Set<object>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (value === null || typeof value === 'string' || typeof value === 'boolean') continue
    if (typeof value === 'number' && Number.isFinite(value)) continue
    if (typeof value !== 'object' || seen.has(value) || !isPlain(value)) return false
    seen.add(value)
    for (const part of Object.values(value)) open.push(part)
  }
  return true
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return Object.keys(value).length === value.length
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
