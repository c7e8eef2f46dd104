// The warm child: echoes over whichever channel it was started with.
const mode = process.argv[2]
if (mode === 'ipc') process.on('message', (m) => process.send(m))
else if (mode === 'lines') {
  // newline-delimited JSON, parsed and printed again
  let rest = ''
  process.stdin.setEncoding('utf8').on('data', (d) => {
    const l = (rest + d).split('\n')
    rest = l.pop()
    for (const t of l) process.stdout.write(`${JSON.stringify(JSON.parse(t))}\n`)
  })
} else if (mode === 'unix') {
  require('node:net')
    .createServer((c) => {
      let rest = ''
      c.setEncoding('utf8').on('data', (d) => {
        const l = (rest + d).split('\n')
        rest = l.pop()
        for (const t of l) c.write(`${JSON.stringify(JSON.parse(t))}\n`)
      })
    })
    .listen(process.argv[3], () => process.send('ready'))
} else if (mode === 'v8') {
  // length-prefixed structured clone over stdio
  const v8 = require('node:v8')
  let b = Buffer.alloc(0)
  process.stdin.on('data', (d) => {
    b = b.length ? Buffer.concat([b, d]) : d
    while (b.length >= 4 && b.length >= 4 + b.readUInt32LE(0)) {
      const n = b.readUInt32LE(0)
      const out = v8.serialize(v8.deserialize(b.subarray(4, 4 + n)))
      const h = Buffer.alloc(4)
      h.writeUInt32LE(out.length)
      process.stdout.write(Buffer.concat([h, out]))
      b = b.subarray(4 + n)
    }
  })
}
