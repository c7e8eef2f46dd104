import { candidateDrivers, isRoot } from '../../../harness/sandbox/isolation/probe.ts'
import { UNPRIVILEGED_ID } from '../../../harness/sandbox/isolation/runtime-files.ts'
import { ProcessDriver } from '../../../harness/sandbox/isolation/sealing.ts'
import { outcomeResponse } from '../../../src/http/agent-response.ts'
import { problemOf, problemResponse } from '../../../src/http/problem.ts'
import {
  AgenticApp,
  APIKeyHeader,
  Authenticator,
  type AuthUser,
  CodePolicy,
  DataPolicy,
  defineTool,
  type JsonValue,
  jsonSchema,
  type Logger,
  type Policy,
  ResourcePolicy,
  type RunOutcome,
  RuntimePolicy,
  sqlTool,
  type Tool,
} from '../../../src/index.ts'
import {
  REMOVABLE_LAYERS,
  WeakenedDriver,
} from '../../harness/sandbox/isolation/layers/without-layers.ts'
import { LIMITS, type Target, type TargetName, type TargetSetting } from './target.ts'
import { lookupRows } from './tool-world.ts'

const ENDPOINT = 'attacked'

const AS_SHIPPED = { minimum: 'best' } as const

/** The sandbox takes drivers besides the minimum: here the one that is a process and nothing more. */
function withoutKernel() {
  return {
    minimum: 'best',
    drivers: [new ProcessDriver(isRoot() ? UNPRIVILEGED_ID : null)],
  } as const
}

/** A process that is kept for its user's next program is no survivor of this one. */
const KEPT_BY_NOBODY = { maxRuns: 1 }

function sandboxOf(name: Exclude<TargetName, 'broken'>) {
  const [kind, engine, what = ''] = name.split(':')
  if (kind !== 'layers' && kind !== 'driver') {
    const isolation = kind === 'product-without-kernel' ? withoutKernel() : AS_SHIPPED
    return { isolation, pool: KEPT_BY_NOBODY }
  }
  const removed = REMOVABLE_LAYERS.filter((layer) => what.split(',').includes(layer))
  const drivers =
    kind === 'layers'
      ? [new WeakenedDriver(removed)]
      : candidateDrivers().filter((driver) => driver.name === what)
  return {
    engine: engine === 'v8' ? 'v8' : 'quickjs',
    isolation: { minimum: 'best', drivers },
    pool: KEPT_BY_NOBODY,
  } as const
}

const noRestrictedRow: Policy = {
  name: 'no-restricted-row',
  evaluateToolCall: ({ tool, argument }) =>
    tool.name === 'lookup' && JSON.stringify(argument).includes('restricted')
      ? [
          {
            ruleId: 'restricted-row',
            source: 'no-restricted-row',
            severity: 'violation',
            message: 'This row may not be read',
          },
        ]
      : [],
}

/**
 * The whole product, in code: authentication, gates, sandbox, store in memory, audit. Policies of real
 * tool calls stay whatever else is left out.
 */
export async function openProduct(
  setting: TargetSetting,
  name: Exclude<TargetName, 'broken'>,
): Promise<Target> {
  const app = new AgenticApp({
    title: 'Attacked',
    store: ':memory:',
    auth: new Authenticator({
      scheme: new APIKeyHeader({ name: 'X-API-Key' }),
      verify: ({ credentials: tenantId }) => ({ userId: 'auditor', roles: ['admin'], tenantId }),
    }),
    policies: [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()],
    sandbox: sandboxOf(name),
    limits: LIMITS,
    logger: loggerTo(setting),
    ...(name === 'product' ? {} : { unsafe: { skipAnalysis: true, skipPolicies: true } }),
  })
  const { granted, ungranted } = makeTools(setting)
  for (const tool of [...granted, ungranted]) app.registerTool(tool)
  app.agentEndpoint({
    name: ENDPOINT,
    tools: granted,
    policies: [new DataPolicy({ readableTables: ['orders'] }), noRestrictedRow],
    execute: true,
  })
  await app.start()
  return {
    run: ({ code, language, data, userId, tenantId }) => {
      const user: AuthUser = { userId, tenantId, roles: [], scopes: [], metadata: {} }
      return app.execute({ endpoint: ENDPOINT, code, language, data, user })
    },
    httpStatus: (answer) =>
      answer instanceof Error
        ? problemResponse(problemOf(answer)).status
        : outcomeResponse(answer as RunOutcome).status,
    trace: async (runId, tenantId) => {
      const request = new Request(`http://127.0.0.1/audit?runId=${runId}`, {
        headers: { 'X-API-Key': tenantId },
      })
      const { traces } = (await (await app.fetch(request)).json()) as { traces: JsonValue[] }
      return traces[0] ?? null
    },
    isolation: async () => JSON.parse(JSON.stringify(await app.isolation())),
  }
}

function makeTools(setting: TargetSetting): { granted: Tool[]; ungranted: Tool } {
  const rows = lookupRows(setting.secret)
  const echo = defineTool({
    name: 'echo',
    description: 'Answers what it is given',
    input: jsonSchema({}),
    readOnly: true,
    run: (value) => value,
  })
  const lookup = defineTool({
    name: 'lookup',
    description: 'Reads one row by its key',
    input: jsonSchema<{ key: string }>({
      type: 'object',
      properties: { key: { type: 'string' } },
      required: ['key'],
      additionalProperties: false,
    }),
    readOnly: true,
    run: ({ key }) => rows.get(key) ?? null,
  })
  const sql = sqlTool({ name: 'sql', dialect: 'sqlite', database: setting.databaseFile })
  const ungranted = defineTool({
    name: 'admin_delete',
    description: 'Deletes everything',
    input: jsonSchema({}),
    readOnly: false,
    run: () => 'deleted',
  })
  const watched = [echo, lookup, sql, ungranted].map((tool) => watch(tool, setting))
  return { granted: watched.slice(0, 3), ungranted: watched[3] as Tool }
}

/** The same tool, with each execution of its function on record. */
function watch(tool: Tool, { toolRuns }: TargetSetting): Tool {
  return {
    ...tool,
    run: (argument, context) => {
      const startedAt = performance.now()
      toolRuns.push({ tool: tool.name, argument: JSON.stringify(argument), startedAt })
      return tool.run(argument, context)
    },
  }
}

function loggerTo({ log }: TargetSetting): Logger {
  const write = (level: string) => (fields: object, message: string) =>
    log(`${level} ${message} ${describe(fields)}`)
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
}

function describe(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? `${value.stack} ${String(value.cause ?? '')}` : value,
  )
}
