// Reading /proc: the process tree below a pid, its memory and its CPU time.
import { readdirSync, readFileSync } from 'node:fs'

const stat = (pid) => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const f = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, ppid: +f[1], state: f[0], ticks: +f[11] + +f[12], rss: +f[21] * 4096 }
  } catch {
    return null
  }
}

export function tree(root) {
  const all = readdirSync('/proc')
    .filter((n) => n > '0' && n < ':')
    .map((n) => stat(+n))
    .filter(Boolean)
  const kids = new Map()
  for (const p of all) (kids.get(p.ppid) ?? kids.set(p.ppid, []).get(p.ppid)).push(p)
  const out = []
  const walk = (p) => {
    out.push(p)
    for (const k of kids.get(p.pid) ?? []) walk(k)
  }
  const self = all.find((p) => p.pid === root)
  if (self) walk(self)
  return out
}

export const rssOf = (root) => tree(root).reduce((n, p) => n + p.rss, 0)
export const ticksOf = (root) => tree(root).reduce((n, p) => n + p.ticks, 0)
export function pssOf(root) {
  // proportional set size: shared pages are split between their users
  let kb = 0
  for (const p of tree(root)) {
    try {
      kb += +/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${p.pid}/smaps_rollup`, 'latin1'))[1]
    } catch {
      /* gone */
    }
  }
  return kb * 1024
}
export function killTree(root) {
  for (const p of tree(root).reverse()) {
    try {
      process.kill(p.pid, 'SIGKILL')
    } catch {
      /* gone */
    }
  }
}
