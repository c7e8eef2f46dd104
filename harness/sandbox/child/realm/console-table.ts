import type { Inspect } from './inspect.ts'
import type { Intrinsics } from './intrinsics.ts'

/** Draws data as a table, as `console.table` of Node does; null for what is not an object. */
export type DrawTable = (data: unknown, columns: unknown) => string | null

/** Makes the realm's {@link DrawTable}. */
export function createTable(intrinsics: Intrinsics, inspect: Inspect): DrawTable {
  interface Row {
    /** The cells by the number of their column. */
    readonly cells: string[]
    readonly value: unknown
    readonly key: unknown
  }
  const { apply, create, isArray, keys, list, ownProperty, text } = intrinsics
  const maxRows = 1000
  const repeatText = String.prototype.repeat
  const repeat = (unit: string, count: number): string =>
    apply(repeatText, unit, [count > 0 ? count : 0]) as string

  const cell = (value: unknown): string => {
    const isBig = typeof value === 'object' && value !== null && !isArray(value)
    return inspect(value, isBig && keys(value).length > 2 ? 0 : 1)
  }

  const draw = (header: readonly string[], rows: readonly Row[]): string => {
    const widths = list<number>()
    for (let column = 0; column < header.length; column++) {
      let width = (header[column] as string).length
      for (let i = 0; i < rows.length; i++) {
        const length = (rows[i] as Row).cells[column]?.length ?? 0
        if (length > width) width = length
      }
      widths[column] = width + 2
    }
    const rule = (left: string, middle: string, right: string): string => {
      let line = left
      for (let i = 0; i < widths.length; i++)
        line += repeat('─', widths[i] as number) + (i + 1 < widths.length ? middle : right)
      return line
    }
    const line = (cells: readonly string[]): string => {
      let drawn = '│'
      for (let i = 0; i < widths.length; i++) {
        const shown = cells[i] ?? ''
        drawn += ' ' + shown + repeat(' ', (widths[i] as number) - shown.length - 1) + '│'
      }
      return drawn + '\n'
    }
    let drawn = rule('┌', '┬', '┐') + '\n' + line(header) + rule('├', '┼', '┤') + '\n'
    for (let i = 0; i < rows.length; i++) drawn += line((rows[i] as Row).cells)
    return drawn + rule('└', '┴', '┘')
  }

  const rowsOf = (data: object, kind: string | null): Row[] => {
    const rows = list<Row>()
    const add = (name: string, key: unknown, value: unknown): void => {
      const cells = list<string>()
      cells[0] = name
      if (rows.length < maxRows) rows[rows.length] = { cells, key, value }
    }
    if (kind !== null) {
      intrinsics.forEach(data, (value, key) => add(text(rows.length), key, value))
      return rows
    }
    const names = keys(data)
    for (let i = 0; i < names.length && i < maxRows; i++) {
      const name = names[i] as string
      add(name, undefined, (data as Record<string, unknown>)[name])
    }
    return rows
  }

  return (data, columns) => {
    if (typeof data !== 'object' || data === null) return null
    const brand = isArray(data) ? null : intrinsics.brand(data)
    const kind = brand === 'Map' || brand === 'Set' ? brand : null
    const rows = rowsOf(data, kind)
    const header = list<string>()
    header[0] = kind === null ? '(index)' : '(iteration index)'
    const places = create(null) as Record<string, number>
    const place = (name: string): number => {
      if (places[name] === undefined) {
        places[name] = header.length
        header[header.length] = name
      }
      return places[name]
    }
    const isChosen = isArray(columns)
    if (isChosen) for (let i = 0; i < columns.length; i++) place(text(columns[i]))
    let hasValues = kind !== null
    for (let i = 0; i < rows.length; i++) {
      const { cells, key, value } = rows[i] as Row
      if (kind === 'Map') cells[place('Key')] = cell(key)
      const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
      if (!isObject || kind !== null) {
        hasValues = true
        continue
      }
      const names = isChosen ? (columns as string[]) : keys(value)
      for (let j = 0; j < names.length; j++) {
        const name = text(names[j])
        if (ownProperty(value, name) === undefined) continue
        cells[place(name)] = cell((value as Record<string, unknown>)[name])
      }
    }
    if (!hasValues) return draw(header, rows)
    const column = header.length
    header[column] = 'Values'
    for (let i = 0; i < rows.length; i++) {
      const { cells, value } = rows[i] as Row
      const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null)
      if (!isObject || kind !== null) cells[column] = cell(value)
    }
    return draw(header, rows)
  }
}
