import type { DrawTable } from './console-table.ts'
import type { Inspect } from './inspect.ts'
import type { HostCall, Intrinsics } from './intrinsics.ts'

/** The realm's console, as the rest of the realm sees it. */
export interface RealmConsole {
  /** @param maxBytes - How much the runner keeps; no line is made longer than that. */
  start(maxBytes: number): void
}

/** Puts `console` into the realm. Lines go to the runner, which counts and keeps them. */
export function installConsole(
  host: HostCall,
  intrinsics: Intrinsics,
  inspect: Inspect,
  drawTable: DrawTable,
): RealmConsole {
  const { apply, at, create, now, number, slice, text } = intrinsics
  const maxIndent = 1000
  const placeholder = /^[sdifjoOc]$/
  const parseInteger = parseInt
  const parseNumber = parseFloat
  const toFixed = Number.prototype.toFixed
  const counts = create(null) as Record<string, number>
  const startTimes = create(null) as Record<string, number>
  let maxLength = 0
  let isFull = false
  let indent = ''

  const substitute = (letter: string, value: unknown): string => {
    if (letter === 'c') return ''
    if (letter === 'j') return intrinsics.toJson(value) ?? 'undefined'
    if (letter === 'o' || letter === 'O') return inspect(value)
    if (letter === 's') return typeof value === 'string' ? value : inspect(value)
    if (typeof value === 'symbol') return 'NaN'
    if (typeof value === 'bigint' && letter !== 'f') return text(value) + 'n'
    if (letter === 'd') return inspect(number(value))
    return inspect(letter === 'i' ? parseInteger(text(value)) : parseNumber(text(value)))
  }

  /** Fills in a template; the number of arguments used up, the template among them, comes second. */
  const fill = (args: readonly unknown[]): { readonly line: string; readonly used: number } => {
    const template = at(args, 0)
    if (typeof template !== 'string' || args.length < 2) return { line: '', used: 0 }
    let line = ''
    let used = 1
    for (let i = 0; i < template.length && line.length <= maxLength; i++) {
      const letter = template[i] === '%' && i + 1 < template.length ? template[++i] : undefined
      if (letter === undefined) line += template[i]
      else if (letter === '%') line += '%'
      else if (used < args.length && intrinsics.matches(placeholder, letter as string))
        line += substitute(letter as string, args[used++])
      else {
        line += '%'
        i--
      }
    }
    return { line, used }
  }

  const format = (args: readonly unknown[]): string => {
    const filled = fill(args)
    let { line } = filled
    for (let i = filled.used; i < args.length && line.length <= maxLength; i++) {
      const value = args[i]
      if (i > 0) line += ' '
      line += typeof value === 'string' ? slice(value, 0, maxLength) : inspect(value)
    }
    return line
  }

  const indented = (lines: string): string => {
    if (indent === '') return lines
    let result = indent
    let from = 0
    for (let i = 0; i < lines.length && result.length <= maxLength; i++) {
      if (lines[i] !== '\n') continue
      result += slice(lines, from, i + 1) + indent
      from = i + 1
    }
    return result + slice(lines, from)
  }
  const print = (level: string, lines: string): void => {
    if (!isFull) isFull = host('console.' + level, slice(indented(lines), 0, maxLength)) === 'full'
  }
  // Once nothing is kept any more, a line is not even put together.
  const log = (level: string, args: readonly unknown[]): void => {
    if (!isFull) print(level, format(args))
  }

  const labelOf = (label: unknown): string =>
    label === undefined ? 'default' : slice(text(label), 0, 200)
  const fixed = (value: number): string => apply(toFixed, value, [3]) as string
  const duration = (ms: number): string =>
    ms < 1000 ? text(number(fixed(ms))) + 'ms' : fixed(ms / 1000) + 's'
  const logTime = (name: string, label: string, rest: readonly unknown[]): void => {
    const from = startTimes[label]
    if (from === undefined)
      return print('warn', "Warning: No such label '" + label + "' for console." + name + '()')
    const more = rest.length === 0 ? '' : ' ' + format(rest)
    print('log', label + ': ' + duration(now() - from) + more)
  }
  const group = (args: readonly unknown[]): void => {
    if (args.length > 0) log('log', args)
    if (indent.length < maxIndent) indent += '  '
  }

  const members = {
    log: (...args: unknown[]) => log('log', args),
    warn: (...args: unknown[]) => log('warn', args),
    error: (...args: unknown[]) => log('error', args),
    info: (...args: unknown[]) => log('info', args),
    debug: (...args: unknown[]) => log('debug', args),
    trace: (...args: unknown[]) =>
      print('debug', args.length === 0 ? 'Trace' : 'Trace: ' + format(args)),
    dir: (...args: unknown[]) => print('log', inspect(at(args, 0))),
    dirxml: (...args: unknown[]) => log('log', args),
    table: (data: unknown, columns?: unknown) => {
      if (isFull) return
      const drawn = drawTable(data, columns)
      if (drawn === null) log('log', [data])
      else print('log', drawn)
    },
    assert: (...args: unknown[]) => {
      if (at(args, 0)) return
      const rest: unknown[] = intrinsics.list()
      rest[0] = 'Assertion failed'
      for (let i = 1; i < args.length; i++) rest[i] = args[i]
      // Only what the caller wrote may be a template.
      if (typeof at(args, 1) === 'string') {
        rest[1] = 'Assertion failed: ' + args[1]
        for (let i = 1; i < args.length; i++) rest[i - 1] = rest[i]
        rest.length--
      }
      log('error', rest)
    },
    clear: () => undefined,
    count: (...args: unknown[]) => {
      const label = labelOf(at(args, 0))
      counts[label] = (counts[label] ?? 0) + 1
      print('log', label + ': ' + text(counts[label]))
    },
    countReset: (...args: unknown[]) => {
      const label = labelOf(at(args, 0))
      if (counts[label] === undefined)
        print('warn', "Warning: Count for '" + label + "' does not exist")
      delete counts[label]
    },
    group: (...args: unknown[]) => group(args),
    groupCollapsed: (...args: unknown[]) => group(args),
    groupEnd: () => {
      indent = slice(indent, 2)
    },
    time: (...args: unknown[]) => {
      const label = labelOf(at(args, 0))
      if (startTimes[label] === undefined) startTimes[label] = now()
      else print('warn', "Warning: Label '" + label + "' already exists for console.time()")
    },
    timeLog: (...args: unknown[]) => {
      const rest: unknown[] = intrinsics.list()
      for (let i = 1; i < args.length; i++) rest[i - 1] = args[i]
      logTime('timeLog', labelOf(at(args, 0)), rest)
    },
    timeEnd: (...args: unknown[]) => {
      const label = labelOf(at(args, 0))
      logTime('timeEnd', label, [])
      delete startTimes[label]
    },
  }
  const console = create(create(intrinsics.objectPrototype))
  intrinsics.install(console, members, true)
  intrinsics.define(console, Symbol.toStringTag, { value: 'console', configurable: true })
  intrinsics.expose(globalThis, 'console', console)
  return {
    start: (maxBytes) => {
      maxLength = maxBytes
    },
  }
}
