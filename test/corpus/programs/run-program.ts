import {
  AgenticApp,
  ApprovalRule,
  type AuthUser,
  CodePolicy,
  defineTool,
  type ErrorCode,
  jsonSchema,
  ResourcePolicy,
  type RunOutcome,
  RuntimePolicy,
  ScriptedModel,
} from '../../../src/index.ts'
import {
  type CorpusCall,
  type CorpusOutcome,
  type CorpusProgram,
  type ErrorClass,
  hostFunctions,
} from './program-corpus.ts'

const author: AuthUser = { userId: 'author', roles: [], scopes: [], metadata: {} }
const admin: AuthUser = { userId: 'admin', roles: ['admin'], scopes: [], metadata: {} }

const CLASS_OF_CODE: { readonly [code in ErrorCode]?: ErrorClass } = {
  ERR_PROGRAM_SYNTAX: 'static',
  ERR_POLICY_VIOLATION: 'static',
  ERR_PROGRAM_TYPE: 'type',
  ERR_TOOL_DENIED: 'tool',
  ERR_TOOL_FAILED: 'tool',
  ERR_PROGRAM_FAILED: 'runtime',
  ERR_OUTPUT_INVALID: 'output',
  ERR_SANDBOX_TIMEOUT: 'timeout',
  ERR_SANDBOX_LIMIT: 'timeout',
}

/** What a program came to, and how often a person was asked on the way. */
export interface ProgramRun {
  readonly outcome: CorpusOutcome
  readonly approvals: number
  /** Calls of tools that are not `readOnly` that were made before anybody had been asked. */
  readonly unasked: number
  readonly wallMs: number
}

/**
 * Runs one reply of a model down the whole path: an app with the program's tools, a write gate whose
 * approver says yes, and the reply as the model's answer.
 */
export async function runReply(program: CorpusProgram, reply: string): Promise<ProgramRun> {
  const functions = hostFunctions(program)
  const calls: CorpusCall[] = []
  let approvals = 0
  let unasked = 0
  const app = new AgenticApp({
    title: 'Corpus',
    model: new ScriptedModel([reply]),
    store: ':memory:',
    policies: [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()],
    sandbox: { isolation: { minimum: 'best' }, warm: 1 },
  })
  app.agentEndpoint({
    name: 'corpus',
    public: true,
    tools: program.tools.map(({ name, description, input, readOnly }) =>
      defineTool({
        name,
        description,
        input: jsonSchema(input),
        readOnly,
        run: (args) => {
          calls.push({ name, args: structuredClone(args) as CorpusCall['args'] })
          if (!readOnly && approvals === 0) unasked += 1
          return functions[name]?.(args)
        },
      }),
    ),
    approval: [
      new ApprovalRule({
        name: 'write_gate',
        requireForActions: ['write'],
        approvers: [{ role: 'admin' }],
      }),
    ],
    limits: { timeoutMs: timeoutOf(program) },
  })
  try {
    let outcome = await app.run({
      endpoint: 'corpus',
      intent: program.intent,
      data: program.data,
      user: author,
    })
    while (outcome.approvalId !== undefined) {
      approvals += 1
      await app.approvals.resolve(outcome.approvalId, { approve: true, approver: admin })
      outcome = await app.runs.wait(outcome.runId)
    }
    return { outcome: toCorpus(outcome, calls), approvals, unasked, wallMs: outcome.usage.wallMs }
  } finally {
    await app.close()
  }
}

function timeoutOf({ expect_error, heavy }: CorpusProgram): number {
  if (expect_error?.class === 'timeout') return 1_500
  return heavy ? 60_000 : 10_000
}

function toCorpus(outcome: RunOutcome, calls: readonly CorpusCall[]): CorpusOutcome {
  const { status, result = null, error } = outcome
  if (status === 'completed') return { ok: true, value: result, calls }
  if (error === undefined) throw new Error(`A run that ended as ${status} has no error`)
  const errorClass = CLASS_OF_CODE[error.code]
  if (errorClass === undefined) throw new Error(`${error.code}: ${error.message}`)
  const hints = error.findings.flatMap(({ hint }) => hint ?? [])
  return {
    ok: false,
    error: { class: errorClass, message: [error.message, ...hints].join(' ') },
    calls,
  }
}
