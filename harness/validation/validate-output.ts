import type { Finding } from '../verdict.ts'
import type { OutputValidator, RunOutput } from './output-validator.ts'

/**
 * Asks every validator about the output of a run, in order. A validator that throws, or that answers
 * with something other than findings, withholds the output.
 *
 * @returns Everything that was found; one violation withholds the output.
 */
export async function validateOutput(
  validators: readonly OutputValidator[],
  output: RunOutput,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const validator of validators) {
    findings.push(...(await ask(validator, output)))
  }
  return findings
}

async function ask(validator: OutputValidator, output: RunOutput): Promise<readonly Finding[]> {
  try {
    const findings: unknown = await validator.validate(output)
    if (isFindings(findings)) return findings
  } catch {
    // The cause may quote the output, which nobody has allowed out; the finding is all there is to say.
  }
  return [
    {
      ruleId: 'validator-failed',
      source: validator.name,
      severity: 'violation',
      message: `Validator "${validator.name}" could not judge the output`,
    },
  ]
}

/** A severity that is misspelt would otherwise count as a warning. */
function isFindings(value: unknown): value is readonly Finding[] {
  return (
    Array.isArray(value) &&
    value.every(
      (entry: unknown) =>
        typeof entry === 'object' &&
        entry !== null &&
        'severity' in entry &&
        (entry.severity === 'violation' || entry.severity === 'warning'),
    )
  )
}
