import type { IsolationDriver } from '../../../harness/sandbox/isolation/driver.ts'

/** A real process that speaks the channel and says what no honest child says, once it has a program. */
export function hostileDriver(misbehave: string): IsolationDriver {
  const script = `
    const { readSync, writeSync } = require('node:fs')
    const exactly = (n) => { const b = Buffer.alloc(n); for (let i = 0; i < n;) { const c = readSync(3, b, i, n - i); if (c === 0) process.exit(); i += c } return b }
    const read = () => exactly(exactly(4).readUInt32BE()).toString()
    const raw = (b) => { for (let i = 0; i < b.length;) i += writeSync(3, b, i) }
    const text = (t) => { const h = Buffer.alloc(4); h.writeUInt32BE(Buffer.byteLength(t)); raw(Buffer.concat([h, Buffer.from(t)])) }
    const send = (...all) => { for (const m of all) text(JSON.stringify(m)) }
    const refused = 'EPERM'
    read()
    send({ type: 'ready', isSealed: true, selfTest: { file: refused, network: refused, process: refused } })
    read(); read()
    ${misbehave}
    for (;;) read()`
  return {
    name: 'hostile',
    plan: () => ({
      command: process.execPath,
      args: ['-e', script],
      reportsPid: false,
      seal: null,
    }),
  }
}
