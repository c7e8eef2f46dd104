// A sandbox that is a process: one child per execution, newline-delimited JSON on its stdin and stdout.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const guestFile = (name) => fileURLToPath(new URL(name, import.meta.url))
export const nodeGuest = guestFile('guest-node.cjs')
export const nodeGuestSource = readFileSync(nodeGuest, 'utf8')

export function runInChild(cmd, args, code, { tools, timeoutMs, env = {}, shell = false }) {
  return new Promise((resolve) => {
    const child = spawn(cmd, args, { stdio: ['pipe', 'pipe', 'pipe'], env, shell, detached: true })
    let settled = false,
      pending = [],
      err = ''
    const finish = (r) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      resolve(r)
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        /* already gone */
      }
    }
    const timer = setTimeout(() => finish({ ok: false, error: 'timeout' }), timeoutMs)
    const send = (m) => {
      if (!settled) child.stdin.write(`${JSON.stringify(m)}\n`)
    }
    const line = async (text) => {
      const m = JSON.parse(text)
      if (m.t === 'done') return finish({ ok: true, value: m.v })
      if (m.t === 'err') return finish({ ok: false, error: m.e })
      try {
        send({ id: m.id, v: await tools[m.name](m.args) })
      } catch (e) {
        send({ id: m.id, e: String(e?.message ?? e) })
      }
    }
    child.stdin.on('error', () => {})
    child.stderr.on('data', (d) => {
      err = (err + d).slice(-2000)
    })
    child.stdout.setEncoding('utf8').on('data', (d) => {
      const parts = d.split('\n')
      if (parts.length === 1) return void pending.push(d)
      parts[0] = pending.join('') + parts[0]
      pending = [parts.pop()]
      for (const p of parts)
        if (p) line(p).catch((e) => finish({ ok: false, error: `protocol: ${e.message}` }))
    })
    child.on('error', (e) => finish({ ok: false, error: e.message }))
    child.on('close', (status, signal) =>
      finish({ ok: false, error: `exit ${status ?? signal}: ${err.trim().slice(-300)}` }),
    )
    send({ code })
  })
}
