import type { JsonValue } from '../../../harness/json-value.ts'
import type { IsolationFacts } from '../../../harness/sandbox/isolation/isolation-level.ts'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import { DEFAULT_LIMITS, type ResourceLimits } from '../../../harness/sandbox/resource-limits.ts'
import type {
  SandboxRequest,
  SandboxResult,
  SandboxToolAnswer,
  SandboxToolCall,
} from '../../../harness/sandbox/sandbox.ts'

/** What a test says about one run; the rest is filled in. */
export interface ProgramOptions {
  readonly data?: JsonValue
  readonly toolNames?: readonly string[]
  readonly limits?: Partial<ResourceLimits>
  readonly determinism?: Partial<SandboxRequest['determinism']>
  readonly signal?: AbortSignal
  readonly trustDomain?: string
  readonly onEvent?: SandboxRequest['onEvent']
  readonly onToolCall?: (call: SandboxToolCall) => Promise<SandboxToolAnswer>
}

/** A sandbox as good as this host allows. */
export function bestSandbox(): ProcessSandbox {
  return new ProcessSandbox({ isolation: { minimum: 'best' } })
}

/** Runs a function body, as every program in these tests is written. */
export function runBody(
  sandbox: ProcessSandbox,
  body: string,
  options: ProgramOptions = {},
): Promise<SandboxResult> {
  return runCode(sandbox, `(async function () {"use strict";\n${body}\n})`, options)
}

/** Runs a whole script. */
export function runCode(
  sandbox: ProcessSandbox,
  code: string,
  options: ProgramOptions = {},
): Promise<SandboxResult> {
  const { signal, data = { n: 7 }, toolNames = ['echo', 'slow'], limits } = options
  const request: SandboxRequest = {
    runId: 'run-1',
    program: { code, hash: '' },
    data,
    toolNames,
    limits: { ...DEFAULT_LIMITS, timeoutMs: 5_000, memoryMb: 128, ...limits },
    determinism: { startTimeMs: 1_700_000_000_000, seed: 'ab'.repeat(32), ...options.determinism },
    onToolCall:
      options.onToolCall ?? (async ({ argument }) => ({ kind: 'value', value: argument })),
    ...(signal !== undefined && { signal }),
    ...(options.trustDomain !== undefined && { trustDomain: options.trustDomain }),
    ...(options.onEvent !== undefined && { onEvent: options.onEvent }),
  }
  return sandbox.run(request)
}

/** The value of a run, or its ending when it has none. */
export async function outcomeOf(result: Promise<SandboxResult>): Promise<unknown> {
  const { ending } = await result
  return ending.kind === 'returned' ? ending.value : ending
}

/** Whether the facts name every one of these layers. */
export function hasLayers(facts: IsolationFacts, ...layers: IsolationFacts['layers']): boolean {
  return layers.every((layer) => facts.layers.includes(layer))
}
