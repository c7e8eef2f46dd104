// Guest side of lib/stdio.mjs for Node and Bun.
;(() => {
  const AsyncFunction = (async () => {}).constructor
  const calls = new Map()
  let next = 0,
    parts = []
  const send = (m) => process.stdout.write(`${JSON.stringify(m)}\n`)
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
        (e) => send({ t: 'err', e: String(e?.message || e) }),
      )
      return
    }
    const c = calls.get(m.id)
    calls.delete(m.id)
    if ('e' in m) c[1](new Error(m.e))
    else c[0](m.v)
  }
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (d) => {
    const l = d.split('\n')
    if (l.length === 1) {
      parts.push(d)
      return
    }
    l[0] = parts.join('') + l[0]
    parts = [l.pop()]
    for (const t of l) if (t) line(t)
  })
})()
