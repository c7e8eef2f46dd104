/** One thing in a file that belongs to a machine and not to the project. */
export interface Leak {
  readonly line: number
  readonly what: 'machine path' | 'registry host'
}

// A home or working folder of some machine, with a name behind it. Paths that every Unix has, such as
// /usr or /tmp, are part of what the sandbox is about. The lookbehind spares urls and longer paths; a
// made-up home belongs to "user".
const MACHINE_PATH =
  /(?:file:\/\/|(?<![\w.~$*)\]}/-]))\/(?:work|root|home|Users|workspace)\/(?!user\/)[\w.*-]/
const REGISTRY_HOST =
  /\bregistry\.(?:npmjs|yarnpkg)\.(?:org|com)\b|"resolved":\s*"[a-z+]+:|\bnpm\.pkg\.github\.com\b/

/** Finds paths of one machine and hosts of a package registry. */
export function findLeaks(text: string): Leak[] {
  return text.split('\n').flatMap((content, index): Leak[] => {
    const leaks: Leak[] = []
    if (MACHINE_PATH.test(content)) leaks.push({ line: index + 1, what: 'machine path' })
    if (REGISTRY_HOST.test(content)) leaks.push({ line: index + 1, what: 'registry host' })
    return leaks
  })
}
