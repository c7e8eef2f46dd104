import {
  AgenticApp,
  ApprovalRule,
  type AuthUser,
  CodePolicy,
  defineTool,
  type ErrorCode,
  type JsonValue,
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
  /** How often the model was asked for a better program. */
  readonly repairs: number
}

/** Runs replies of models down the whole path, one at a time. */
export interface CorpusRunner {
  /** @param repaired - What the model answers when it is asked for a better program. Default `reply`. */
  run(program: CorpusProgram, reply: string, repaired?: string): Promise<ProgramRun>
  close(): Promise<void>
}

/**
 * An app with an endpoint for each program: its tools, and a write gate whose approver says yes. The
 * model's answer is the reply that is being run. Calls are those of the program that ran last.
 */
export function createRunner(programs: readonly CorpusProgram[]): CorpusRunner {
  const now: Now = { ...NOTHING, mend: () => '' }
  const app = new AgenticApp({
    title: 'Corpus',
    model: new ScriptedModel(({ purpose }) => (purpose === 'repair' ? now.mend() : now.reply)),
    store: ':memory:',
    policies: [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()],
    sandbox: { isolation: { minimum: 'best' } },
  })
  for (const program of programs) declareEndpoint(app, program, now)
  return {
    async run(program, reply, repaired = reply) {
      const afresh = () => ({ functions: hostFunctions(program), calls: [] })
      const mend = () => {
        Object.assign(now, afresh(), { repairs: now.repairs + 1 })
        return repaired
      }
      Object.assign(now, NOTHING, afresh(), { reply, mend })
      let outcome = await app.run({
        endpoint: endpointName(program),
        intent: program.intent,
        data: program.data,
        user: author,
      })
      while (outcome.approvalId !== undefined) {
        now.approvals += 1
        await app.approvals.resolve(outcome.approvalId, { approve: true, approver: admin })
        outcome = await app.runs.wait(outcome.runId)
      }
      const { approvals, unasked, calls, repairs } = now
      const { wallMs } = outcome.usage
      return { outcome: toCorpus(outcome, calls), approvals, unasked, wallMs, repairs }
    },
    close: () => app.close(),
  }
}

/** The run that is under way; tools keep state, so their functions are made anew for each. */
interface Now {
  reply: string
  functions: ReturnType<typeof hostFunctions>
  calls: CorpusCall[]
  approvals: number
  unasked: number
  repairs: number
  mend: () => string
}

const NOTHING = { reply: '', functions: {}, calls: [], approvals: 0, unasked: 0, repairs: 0 }

function declareEndpoint(app: AgenticApp, program: CorpusProgram, now: Now): void {
  const tools = program.tools.map(({ name, description, input, readOnly }) =>
    defineTool({
      name,
      description,
      input: jsonSchema<JsonValue>(input),
      readOnly,
      run: (args) => {
        now.calls.push({ name, args: structuredClone(args) })
        if (!readOnly && now.approvals === 0) now.unasked += 1
        return now.functions[name]?.(args)
      },
    }),
  )
  const writeGate = new ApprovalRule({
    name: 'write_gate',
    requireForActions: ['write'],
    approvers: [{ role: 'admin' }],
  })
  app.agentEndpoint({
    name: endpointName(program),
    public: true,
    tools,
    approval: [writeGate],
    limits: { timeoutMs: timeoutOf(program) },
  })
}

function endpointName({ id }: CorpusProgram): string {
  return `p-${id}`
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
