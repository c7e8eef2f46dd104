import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'amaro'
import type { JsonValue } from '../../../harness/index.ts'
import {
  LIMITS,
  type Target,
  type TargetOutcome,
  type TargetRequest,
  type TargetSetting,
} from './target.ts'
import { lookupRows } from './tool-world.ts'

const CHILD = fileURLToPath(new URL('./broken-child.cjs', import.meta.url))

/** A line of the child. Nothing checks it: that is one of the holes. */
interface Line {
  readonly type: 'result' | 'error' | 'call'
  readonly id: string
  readonly tool: string
  readonly args: readonly { readonly key: string; readonly query: string }[]
  readonly value: unknown
  readonly message: string
  readonly stack?: string
}

type Ending = Pick<TargetOutcome, 'status' | 'result' | 'error'>

/**
 * A sandbox of the kind that is often written: a child process, `new Function`, JSON lines on standard
 * output, SIGTERM as the deadline, policies by regular expression. The harness must see it break.
 */
export class BrokenSandbox implements Target {
  readonly #setting: TargetSetting
  readonly #database: DatabaseSync
  readonly #tools: Record<string, (argument: Line['args'][number]) => unknown>
  readonly #seen: object = {}
  readonly #open = new Set<string>()
  #child: ChildProcessWithoutNullStreams | null = null
  #settle: ((ending: Ending) => void) | null = null

  constructor(setting: TargetSetting) {
    this.#setting = setting
    this.#database = new DatabaseSync(setting.databaseFile)
    const rows: Record<string, unknown> = Object.fromEntries(lookupRows(setting.secret))
    this.#tools = {
      echo: (value) => value,
      lookup: ({ key }) => {
        if (key === 'restricted') throw new Error('Denied')
        return rows[key]
      },
      sql: ({ query }) => {
        if (/\b(vault|insert|update|delete|drop)\b/i.test(query)) throw new Error('Denied')
        return this.#database.prepare(query).all()
      },
      admin_delete: () => 'deleted',
    }
  }

  run(request: TargetRequest): Promise<TargetOutcome> {
    const code = request.language === 'ts' ? lower(request.code) : request.code
    const child = this.#ensureChild()
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGTERM'), LIMITS.timeoutMs)
      const settle = (ending: Ending) => {
        clearTimeout(timer)
        this.#settle = null
        resolve({ runId: randomUUID(), toolCalls: [], isolation: 'none', ...ending })
      }
      this.#settle = settle
      // Waits for the pipes and not for the process.
      child.once('close', () => {
        if (this.#child === child) this.#child = null
        settle(failure('ended'))
      })
      child.stdin.write(`${JSON.stringify({ type: 'run', code, data: request.data })}\n`)
    })
  }

  httpStatus(): number {
    return 200
  }

  async trace(): Promise<JsonValue> {
    return null
  }

  async isolation(): Promise<JsonValue> {
    return { level: 'none' }
  }

  #ensureChild(): ChildProcessWithoutNullStreams {
    if (this.#child !== null) return this.#child
    const child = spawn(process.execPath, ['--max-old-space-size=256', CHILD])
    this.#child = child
    child.stdin.on('error', () => {})
    child.stderr.on('data', (chunk) => this.#setting.log(String(chunk)))
    let rest: string[] = []
    const printed: string[] = []
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      // Keeps whatever is printed, without a limit.
      printed.push(chunk)
      rest.push(chunk)
      if (!chunk.includes('\n')) return
      const lines = rest.join('').split('\n')
      rest = [lines.pop() ?? '']
      for (const line of lines) if (line.startsWith('{') || line === 'null') this.#read(line)
    })
    return child
  }

  #read(line: string): void {
    const message: Line = JSON.parse(line)
    const handlers: Record<string, () => void> = {
      result: () => {
        merge(this.#seen, { value: message.value })
        this.#settle?.({ status: 'completed', result: message.value })
      },
      error: () => this.#settle?.(failure(`${message.message} ${message.stack}`)),
      call: () => this.#call(message),
    }
    handlers[message.type]?.()
  }

  #call({ id, tool, args }: Line): void {
    if (this.#open.has(id)) throw new Error('Two calls share one id')
    this.#open.add(id)
    const [argument] = (args ?? []) as [Line['args'][number]]
    merge(this.#seen, { argument })
    this.#setting.toolRuns.push({
      tool: String(tool),
      argument: JSON.stringify(argument ?? null),
      startedAt: performance.now(),
    })
    let answer: object
    try {
      answer = { value: this.#tools[tool]?.(argument) }
    } catch (error) {
      answer = { error: String(error) }
    }
    // Answered a turn later, so that two calls with one id can meet.
    setImmediate(() => {
      this.#open.delete(id)
      this.#child?.stdin.write(`${JSON.stringify({ type: 'answer', id, ...answer })}\n`)
    })
  }
}

function lower(code: string): string {
  const text = transformSync(`async () => {${code}\n}`, { mode: 'transform' }).code.trim()
  return `return await (${text.replace(/;$/, '')})()`
}

function failure(message: string): Ending {
  return { status: 'failed', error: { code: 'ERR_PROGRAM_FAILED', message } }
}

/** The classic: follows `__proto__` into what all objects share, and recurses as deep as it is told. */
function merge(into: object, from: object): void {
  for (const [key, value] of Object.entries(from)) {
    const place = into as Record<string, unknown>
    if (typeof value !== 'object' || value === null) place[key] = value
    else {
      if (typeof place[key] !== 'object' || place[key] === null) place[key] = {}
      merge(place[key] as object, value)
    }
  }
}
