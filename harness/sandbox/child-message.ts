import type { ChildEnding, ChildMessage, ChildUsage } from './rpc-message.ts'
import type { GuestError } from './sandbox.ts'

type Fields = Readonly<Record<string, unknown>>

const LEVELS: readonly string[] = ['debug', 'log', 'info', 'warn', 'error']
const MAX_NAME = 200
const MAX_TEXT = 8192
const MAX_WAKE_MS = 2_147_483_647

const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' && value.length <= maxLength
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
const isPosition = (value: unknown): value is number => isCount(value) && value >= 1

// One reader per message: what it does not return does not exist.
const READERS: Readonly<Record<string, (fields: Fields) => ChildMessage | null>> = {
  ready: ({ selfTest, isSealed }) => {
    const { file, network, process } = isFields(selfTest) ? selfTest : {}
    if (!isText(file, 100) || !isText(network, 100) || !isText(process, 100)) return null
    if (typeof isSealed !== 'boolean') return null
    return { type: 'ready', selfTest: { file, network, process }, isSealed }
  },
  call: ({ run, seq, name }) =>
    isCount(run) && isCount(seq) && isText(name, MAX_NAME)
      ? { type: 'call', run, seq, name }
      : null,
  console: ({ run, level, isTruncated }) =>
    isCount(run) && isText(level, 10) && LEVELS.includes(level) && typeof isTruncated === 'boolean'
      ? { type: 'console', run, level, isTruncated }
      : null,
  progress: ({ run, done, total, label }) =>
    isCount(run) && isAmount(done) && (total === null || isAmount(total)) && isText(label, MAX_NAME)
      ? { type: 'progress', run, done, total, label }
      : null,
  parked: ({ run, wakeInMs, ...rest }) => {
    const usage = readUsage(rest)
    const isWake = wakeInMs === null || (isCount(wakeInMs) && wakeInMs <= MAX_WAKE_MS)
    return isCount(run) && usage !== null && isWake
      ? { type: 'parked', run, wakeInMs, usage }
      : null
  },
  returned: (fields) => readEnding(fields, { type: 'returned' }),
  'bad-output': ({ detail, ...rest }) =>
    isText(detail, MAX_TEXT) ? readEnding(rest, { type: 'bad-output', detail }) : null,
  limit: ({ limit, ...rest }) =>
    limit === 'memoryMb' || limit === 'maxOutputBytes'
      ? readEnding(rest, { type: 'limit', limit })
      : null,
  threw: ({ error, ...rest }) => {
    const read = readError(error)
    return read === null ? null : readEnding(rest, { type: 'threw', error: read })
  },
}

type Distribute<T> = T extends unknown ? Omit<T, 'run' | 'usage'> : never

function readEnding(fields: Fields, ending: Distribute<ChildEnding>): ChildEnding | null {
  const { run } = fields
  const usage = readUsage(fields)
  return isCount(run) && usage !== null ? { ...ending, run, usage } : null
}

function readUsage({ usage }: Fields): ChildUsage | null {
  if (!isFields(usage)) return null
  const { cpuUs, memoryBytes } = usage
  return isCount(cpuUs) && isCount(memoryBytes) ? { cpuUs, memoryBytes } : null
}

/**
 * Reads a message of a child. The text is hostile: anything but exactly one known message of the
 * right shape is null, and unknown fields are gone.
 */
export function parseChildMessage(text: string): ChildMessage | null {
  const value = parseJson(text)
  if (value === undefined || !isFields(value.json)) return null
  const { type } = value.json
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) return null
  return READERS[type]?.(value.json) ?? null
}

/** Parses JSON that may be none: undefined instead of an exception. */
export function parseJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readError(value: unknown): GuestError | null {
  if (!isFields(value)) return null
  const { name, message, line, column, toolErrorCode } = value
  if (!isText(name, MAX_NAME) || !isText(message, MAX_TEXT)) return null
  return {
    name,
    message,
    ...(isPosition(line) && isPosition(column) && { line, column }),
    ...(isText(toolErrorCode, MAX_NAME) && { toolErrorCode }),
  }
}
