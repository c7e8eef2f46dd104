// Guest side of lib/stdio.mjs for Deno.
const AsyncFunction = (async () => {}).constructor
const enc = new TextEncoder()
const calls = new Map()
let next = 0,
  parts = []
const send = (m) => {
  let b = enc.encode(`${JSON.stringify(m)}\n`)
  while (b.length) b = b.subarray(Deno.stdout.writeSync(b))
}
const tool = (name, args) =>
  new Promise((y, n) => {
    const id = next++
    calls.set(id, [y, n])
    send({ t: 'call', id, name, args })
  })
const line = (text) => {
  const m = JSON.parse(text)
  if (m.code !== undefined) {
    let p
    try {
      p = new AsyncFunction('tool', m.code)(tool)
    } catch (e) {
      p = Promise.reject(e)
    }
    p.then(
      (v) => send({ t: 'done', v }),
      (e) => send({ t: 'err', e: String(e?.message ?? e) }),
    )
    return
  }
  const c = calls.get(m.id)
  calls.delete(m.id)
  if ('e' in m) c[1](new Error(m.e))
  else c[0](m.v)
}
const dec = new TextDecoder()
const buf = new Uint8Array(65536)
for (;;) {
  const n = await Deno.stdin.read(buf)
  if (n === null) break
  const l = dec.decode(buf.subarray(0, n), { stream: true }).split('\n')
  if (l.length === 1) {
    parts.push(l[0])
    continue
  }
  l[0] = parts.join('') + l[0]
  parts = [l.pop()]
  for (const t of l) if (t) line(t)
}
