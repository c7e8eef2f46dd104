import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { nodeGuest, runInChild } from '../lib/stdio.mjs'
export default {
  name: 'bun fresh process',
  isolation: 'process',
  note: 'no permission model',
  async setup() {
    const root = path.dirname(createRequire(import.meta.url).resolve('bun/package.json'))
    const dir = path.join(root, '..', '@oven')
    const found = (existsSync(dir) ? readdirSync(dir) : [])
      .filter((n) => !n.includes('musl') && !n.includes('baseline'))
      .map((n) => path.join(dir, n, 'bin', 'bun'))
      .find(existsSync)
    this.bin = found ?? path.join(root, 'bin', 'bun.exe')
  },
  run(code, o) {
    return runInChild(this.bin, [nodeGuest], code, { ...o, env: process.env })
  },
}
