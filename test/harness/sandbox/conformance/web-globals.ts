/** What a realm has besides the language: the same on every engine. */
export interface WebGlobal {
  readonly names: readonly string[]
  readonly note: string
}

export const WEB_GLOBALS: readonly WebGlobal[] = [
  {
    names: ['data', 'tools'],
    note: 'What the program was given. `data` is fresh and its own to change, `tools` cannot be changed.',
  },
  {
    names: ['progress'],
    note: '`progress(done, total?, label?)`: finite numbers, 0 or more; a label of at most 200 characters. The first 2,000 reports of a run are told.',
  },
  {
    names: ['console'],
    note: 'Every method of the standard, printed as Node does but in one line a value, four levels deep, 10,000 characters at most. Groups indent; times are the run’s own. Output beyond `maxConsoleBytes` is dropped.',
  },
  {
    names: ['URL', 'URLSearchParams'],
    note: 'As WHATWG has them, parsed by Node. No object URLs.',
  },
  {
    names: ['TextEncoder', 'TextDecoder'],
    note: '`utf-8`, `utf-16le` and `windows-1252` with all their labels; `fatal`, `ignoreBOM` and `stream` work.',
  },
  { names: ['atob', 'btoa'], note: 'As WHATWG has them.' },
  {
    names: ['structuredClone'],
    note: 'With `transfer` for array buffers. A `SharedArrayBuffer` cannot be cloned.',
  },
  {
    names: [
      'setTimeout',
      'setInterval',
      'setImmediate',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
    ],
    note: 'Functions only, no text. Identifiers are numbers. At most 10,000 timers at once, then `RangeError`.',
  },
  {
    names: ['queueMicrotask'],
    note: 'What the callback throws ends the program, as it does in a timer.',
  },
  {
    names: ['crypto', 'Crypto'],
    note: '`randomUUID` and `getRandomValues`, from the seed of the run. No `subtle`.',
  },
  {
    names: ['performance', 'Performance'],
    note: '`now`, `timeOrigin` and `toJSON`, by the clock of the run.',
  },
  { names: ['DOMException'], note: 'With the names and codes of the standard.' },
  {
    names: ['Intl'],
    note: 'With full ICU, as every `toLocale…` and `localeCompare`. Without a locale it is `en-US`, without a time zone `UTC`.',
  },
]
