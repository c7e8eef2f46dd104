import type { HostCall, Intrinsics } from './intrinsics.ts'

/** Puts `progress(done, total?, label?)` into the realm: how far a program says it is. */
export function installProgress(host: HostCall, intrinsics: Intrinsics): void {
  const maxReports = 2_000
  const maxLabel = 200
  const { isFinite: isFiniteNumber, slice, text } = intrinsics
  let reports = 0

  const amount = (name: string, value: unknown): string => {
    if (!isFiniteNumber(value) || (value as number) < 0)
      throw intrinsics.typeError('The ' + name + ' of progress must be a finite number, 0 or more')
    return text(value)
  }

  const members = {
    progress(done: unknown, total: unknown = null, label: unknown = '') {
      const doneText = amount('first argument', done)
      const totalText = total === null ? 'null' : amount('total', total)
      const labelText = slice(label === null ? '' : text(label), 0, maxLabel)
      if (reports++ >= maxReports) return
      // A cut may have split a pair of surrogates.
      const shown = intrinsics.quote(intrinsics.wellFormed(labelText))
      host('progress', '{"done":' + doneText + ',"total":' + totalText + ',"label":' + shown + '}')
    },
  }
  intrinsics.install(globalThis, members, false)
}
