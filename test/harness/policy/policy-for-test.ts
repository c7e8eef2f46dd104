import type { PolicyContext } from '../../../harness/policy/policy.ts'
import type { Program, ProgramFacts } from '../../../harness/program.ts'
import { type ReadOptions, readOk } from '../analysis/read-for-test.ts'

/** A program as the reader makes it, with some facts replaced. */
export function programFrom(
  source: string,
  facts: Partial<ProgramFacts> = {},
  options: ReadOptions = {},
): Program {
  const read = readOk(source, options)
  return {
    source,
    language: 'js',
    hash: '0'.repeat(64),
    code: read.code,
    findings: read.findings,
    positions: read.positions,
    facts: { ...read.facts, ...facts },
  }
}

/** A run without anything special. */
export const context: PolicyContext = {
  runId: 'run-1',
  endpoint: 'analytics',
  action: 'read',
  requester: null,
  tools: new Map(),
  signal: new AbortController().signal,
}
