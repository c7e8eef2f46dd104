import type { Inspect } from './inspect.ts'
import type { HostCall, Intrinsics } from './intrinsics.ts'

/** Puts `console` into the realm. Lines go to the runner, which counts and keeps them. */
export function installConsole(
  host: HostCall,
  intrinsics: Intrinsics,
  inspect: Inspect,
): { start(maxBytes: number): void } {
  let maxLength = 0
  let isFull = false

  const isTemplate = (value: unknown): value is string =>
    typeof value === 'string' && intrinsics.matches(/%[sdifjoO%]/, value)

  const fill = (template: string, args: readonly unknown[]): { text: string; used: number } => {
    let text = ''
    let used = 0
    for (let i = 0; i < template.length; i++) {
      const letter = template[i] === '%' ? template[i + 1] : undefined
      if (letter === '%') {
        text += '%'
        i++
      } else if (
        letter !== undefined &&
        used < args.length &&
        intrinsics.matches(/^[sdifjoO]$/, letter)
      ) {
        const value = args[used++]
        if (letter === 'd' || letter === 'i' || letter === 'f') text += intrinsics.text(value)
        else
          text +=
            letter === 's' && typeof value !== 'object' ? intrinsics.text(value) : inspect(value)
        i++
      } else text += template[i]
    }
    return { text, used }
  }

  const format = (args: readonly unknown[]): string => {
    let line = ''
    let from = 0
    if (args.length > 1 && isTemplate(args[0])) {
      const rest: unknown[] = []
      for (let i = 1; i < args.length; i++) rest[i - 1] = args[i]
      const filled = fill(args[0], rest)
      line = filled.text
      from = filled.used + 1
    }
    for (let i = from; i < args.length && line.length <= maxLength; i++) {
      const value = args[i]
      const shown =
        typeof value === 'string' ? intrinsics.slice(value, 0, maxLength) : inspect(value)
      line += (i === 0 ? '' : ' ') + shown
    }
    return intrinsics.slice(line, 0, maxLength)
  }

  const print =
    (level: string) =>
    (...args: unknown[]): void => {
      if (isFull) return
      isFull = host(`console.${level}`, format(args)) === 'full'
    }

  const console = {
    log: print('log'),
    info: print('info'),
    warn: print('warn'),
    error: print('error'),
    debug: print('debug'),
    trace: print('debug'),
    dir: (value: unknown) => console.log(value),
    table: (value: unknown) => console.log(value),
    assert: (condition: unknown, ...args: unknown[]) => {
      if (!condition) console.error('Assertion failed', ...args)
    },
    group: print('log'),
    groupEnd: () => undefined,
    time: () => undefined,
    timeEnd: () => undefined,
    timeLog: () => undefined,
  }
  intrinsics.expose(globalThis, 'console', console)
  return {
    start: (maxBytes) => {
      maxLength = maxBytes
    },
  }
}
