/** One line of the table of targets. */
export interface Row {
  readonly what: string
  /** What has to be reached, in words; empty for a figure that is only shown. */
  readonly target: string
  readonly measured: string
  readonly isReached: boolean | null
  /** Beside the figure: spread, number of measurements, what it was made of. */
  readonly note: string
}

/** A figure with its limit. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly limit: number
  readonly unit: string
  readonly note?: string
}

/** A row that is reached when the value does not exceed the limit. */
export function atMost({ what, value, limit, unit, note = '' }: Figure): Row {
  const isReached = value <= limit
  return { what, target: `≤ ${limit} ${unit}`, measured: words(value, unit), isReached, note }
}

/** A row that is reached when the value does not fall below the limit. */
export function atLeast({ what, value, limit, unit, note = '' }: Figure): Row {
  const isReached = value >= limit
  return { what, target: `≥ ${limit} ${unit}`, measured: words(value, unit), isReached, note }
}

/** A figure without a target. */
export function shown(what: string, value: number, unit: string, note = ''): Row {
  return { what, target: '', measured: words(value, unit), isReached: null, note }
}

/** A claim that holds or does not. */
export function claim(what: string, target: string, isReached: boolean, measured: string): Row {
  return { what, target, measured, isReached, note: '' }
}

/** The rows as a Markdown table. */
export function rowsTable(rows: readonly Row[]): string {
  const lines = rows.map(({ what, target, measured, isReached, note }) => [
    what,
    target === '' ? '–' : target,
    measured,
    isReached === null ? '' : isReached ? 'yes' : '**no**',
    note,
  ])
  const all = [['', 'Target', 'Measured', 'Reached', ''], Array(5).fill('---'), ...lines]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** A figure to three digits, whole from 1000 on. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

function words(value: number, unit: string): string {
  return `${digits(value)} ${unit}`
}
