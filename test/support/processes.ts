import { readdirSync, readFileSync } from 'node:fs'

interface ProcessState {
  readonly parent: number
  readonly state: string
}

/** Reads `/proc/<pid>/stat`; `null` when there is no such process. */
function stateOf(pid: number): ProcessState | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command stands in brackets and may hold anything, brackets included.
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    // It has ended.
    return null
  }
}

/** Whether a process runs. One that has ended and that init has not asked about does not. */
export function isRunning(pid: number): boolean {
  const found = stateOf(pid)
  return found !== null && found.state !== 'Z'
}

/** Every process that a process has started, and those that they have. */
export function descendantsOf(pid: number): readonly number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const children = pids.filter((candidate) => stateOf(candidate)?.parent === pid)
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

/** Whether all these processes have ended within a time. */
export async function haveEnded(pids: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (pids.some(isRunning)) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return true
}
