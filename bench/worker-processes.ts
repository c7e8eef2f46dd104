import { readFileSync } from 'node:fs'
import { tree } from './peers/lib/proc.mjs'

/** Process ids of the sandbox processes below this one that can run programs. */
export function workerPids(): readonly number[] {
  return tree(process.pid)
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid && isWorker(pid))
}

/**
 * Proportional memory of a process in bytes: pages that several processes share are split between them.
 *
 * @throws {Error} Where the kernel does not tell this user: a figure that leaves processes out is none.
 */
export function pssBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1]) * 1024
}

/** Proportional memory of this process and everything below it. */
export function treePssBytes(): number {
  return tree(process.pid).reduce((sum, { pid }) => sum + pssBytes(pid), 0)
}

// What starts and watches a worker names the worker's file in its own arguments, too.
function isWorker(pid: number): boolean {
  const comm = readOrEmpty(`/proc/${pid}/comm`).trim()
  if (comm === 'bwrap' || comm === 'unshare' || comm === 'prlimit') return false
  return /sandbox-child\.[jt]s\b/.test(readOrEmpty(`/proc/${pid}/cmdline`))
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // It ended meanwhile.
  }
}
