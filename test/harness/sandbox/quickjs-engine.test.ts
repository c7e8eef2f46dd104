import { beforeAll, describe, expect, it } from 'vitest'
import { GuestException } from '../../../harness/sandbox/child/engine.ts'
import { listeningHost, loadEngine, runToEnd, startBody } from './quickjs-for-test.ts'

class Leave extends Error {}

/** A host that leaves the guest at its `nth` tick. */
const leavingAt = (nth: number) => {
  let ticks = 0
  return () => {
    if (++ticks >= nth) throw new Leave()
  }
}

let engine: Awaited<ReturnType<typeof loadEngine>>
beforeAll(async () => {
  engine = await loadEngine()
})

describe('a fresh realm', () => {
  const marks = {
    'a global': ['globalThis.mark = 1', 'typeof mark'],
    'a patched built-in': ['Array.prototype.map = () => 1', 'typeof [1].map(String)'],
    'a frozen prototype': [
      'Object.freeze(Object.prototype)',
      'Object.isFrozen(Object.prototype) ? "frozen" : "object"',
    ],
    'a registered symbol': [
      'globalThis[Symbol.for("m")] = 1',
      'typeof globalThis[Symbol.for("m")]',
    ],
  }
  for (const [name, [leave = '', look = '']] of Object.entries(marks)) {
    it(`does not see ${name} that an earlier one left`, async () => {
      const untouched = await runToEnd(engine, `return ${look}`)
      await runToEnd(engine, `${leave}; return 1`)
      expect(await runToEnd(engine, `return ${look}`)).toEqual(untouched)
    })
  }

  it('is equal to the first one in every byte', async () => {
    const bytesAfter = async (body: string | null): Promise<Buffer> => {
      if (body !== null) await runToEnd(engine, body)
      const realm = await engine.createRealm(listeningHost())
      const bytes = Buffer.from(realm.memory.buffer.slice(0))
      realm.dispose()
      return bytes
    }
    const fresh = await bytesAfter(null)
    const used = await bytesAfter(
      `const secret = 'k'.repeat(9e4) + 'SECRET'; globalThis.f = (n) => n && f(n - 1); f(900); return secret`,
    )
    expect(used.equals(fresh)).toBe(true)
    expect(used.includes('SECRET')).toBe(false)
  })

  it('is equal to it even after one that was left in the middle', async () => {
    const first = await loadEngine()
    const before = await first.createRealm(listeningHost())
    const fresh = Buffer.from(before.memory.buffer.slice(0))
    before.dispose()
    const host = listeningHost({ onTick: leavingAt(20) })
    const body = 'globalThis.a = Array.from({ length: 5e3 }, (_, i) => `item ${i}`); for (;;);'
    await expect(startBody(first, host, body)).rejects.toThrow(Leave)
    const after = await first.createRealm(listeningHost())
    expect(Buffer.from(after.memory.buffer).equals(fresh)).toBe(true)
  })

  it('is built the same by another engine', async () => {
    const other = await loadEngine()
    const [one, two] = [
      await engine.createRealm(listeningHost()),
      await other.createRealm(listeningHost()),
    ]
    expect(Buffer.from(one.memory.buffer).equals(Buffer.from(two.memory.buffer))).toBe(true)
    one.dispose()
    two.dispose()
  })

  it('lives beside others that wait', async () => {
    const hosts = [1, 2, 3].map(() => listeningHost())
    const realms = await Promise.all(
      hosts.map((host, i) =>
        startBody(engine, host, `globalThis.own = ${i}; return [own, await tools.echo({})]`),
      ),
    )
    for (const realm of realms.toReversed()) {
      realm.settle(0, true, '"answer"')
      realm.drain()
      realm.dispose()
    }
    expect(hosts.map(({ ending }) => ending?.[1])).toEqual([
      '[0,"answer"]',
      '[1,"answer"]',
      '[2,"answer"]',
    ])
  })

  it('asks the host it was given, not one from when it was prepared', async () => {
    await engine.prepare()
    const ending = await runToEnd(engine, 'return [Date.now(), performance.now()]', {
      wallClockMs: () => 1_763_728_000_123,
      elapsedMs: () => 12.5,
    })
    expect(ending).toEqual(['end.returned', '[1763728000123,12.5]'])
  })

  it('carries every string there and back unchanged', async () => {
    const texts = ['', 'a\0b', 'żółć 日本 😀', '\ud800', 'x\udfff\ud800y', '😀\udc00'.repeat(9_000)]
    for (const text of texts) {
      const host = listeningHost()
      const realm = await startBody(engine, host, 'console.log(await tools.echo({}))')
      realm.settle(0, true, `"${text.replaceAll('\0', '\\u0000')}"`)
      realm.drain()
      realm.dispose()
      expect(host.lines).toEqual([text])
    }
  })
})

describe('a script', () => {
  it('stays as it is while it asks the host', async () => {
    const host = listeningHost()
    const realm = await engine.createRealm(host)
    realm.start(
      '{}',
      '{"tools":[],"maxOutputBytes":99,"maxConsoleBytes":99,"maxToolArgumentBytes":9}',
    )
    realm.begin(
      `console.log('${'x'.repeat(90)}'); (async () => String(() => 'the rest of it'))`,
      'program.js',
    )
    realm.drain()
    realm.dispose()
    expect(host.ending).toEqual(['end.returned', `"() => 'the rest of it'"`])
  })
})

describe('memory', () => {
  const bombs = {
    'an array that grows': 'const a = []; for (;;) a.push(new Array(1e5).fill(1))',
    'buffers that are kept': 'const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1))',
    'one buffer': 'return new Uint8Array(2 ** 30).length',
    'a string that doubles': 'let s = "x"; for (;;) s += s + s.slice(1)',
  }
  for (const [name, body] of Object.entries(bombs)) {
    it(`is limited by an error of the guest: ${name}`, async () => {
      const memoryBytes = 24 * 1024 * 1024
      const host = listeningHost({ memoryBytes })
      const realm = await startBody(
        engine,
        host,
        `try { ${body} } catch (error) { return [error.name, error.message] }`,
      )
      expect(realm.heldBytes()).toBeLessThan(memoryBytes + 8 * 1024 * 1024)
      realm.dispose()
      expect(host.ending?.[0]).toMatch(/^end\.(?:returned|threw)$/)
      expect(host.ending?.[1]).toMatch(/out of memory|invalid array (?:buffer )?length/)
    })
  }

  it('is limited for each realm by itself', async () => {
    const body = 'return new Uint8Array(20e6).length'
    expect((await runToEnd(engine, body, { memoryBytes: 8e6 }))?.[0]).toBe('end.threw')
    expect(await runToEnd(engine, body, { memoryBytes: 64e6 })).toEqual([
      'end.returned',
      '20000000',
    ])
  })

  it('says what a realm holds, and nothing once it is gone', async () => {
    const realm = await startBody(engine, listeningHost(), 'globalThis.a = new Uint8Array(2e7)')
    expect(realm.heldBytes()).toBeGreaterThan(2e7)
    realm.dispose()
    expect(realm.heldBytes()).toBe(0)
  })
})

describe('leaving the guest', () => {
  const loops = {
    'a loop': 'for (;;);',
    'a loop that catches everything': 'for (;;) try { for (;;); } catch {} finally { continue }',
    'promise reactions without end': 'for (;;) await null',
    'a regular expression that never comes back': '/^(?:a?b?)*c/.test("ab".repeat(1e3))',
    'a sort': 'Array.from({ length: 1e6 }, (_, i) => -i).sort((a, b) => a - b)',
  }
  for (const [name, body] of Object.entries(loops)) {
    it(`stops ${name}`, async () => {
      const host = listeningHost({ onTick: leavingAt(40) })
      await expect(startBody(engine, host, body)).rejects.toThrow(Leave)
      expect(host.ending).toBeNull()
      expect(await runToEnd(engine, 'return 1')).toEqual(['end.returned', '1'])
    })
  }

  it('works from an operation as well', async () => {
    const lines: string[] = []
    const call = (operation: string, text: string): string => {
      if (operation === 'random.words') return '[1,2,3]'
      lines.push(text)
      throw new Leave()
    }
    const body = 'try { console.log("one") } catch {} finally { console.log("two") }'
    await expect(startBody(engine, listeningHost({ call }), body)).rejects.toThrow(Leave)
    expect(lines).toEqual(['one'])
  })

  it('refuses to be entered or to go while the guest runs', async () => {
    const refused: string[] = []
    const attempt = (action: () => void): void => {
      try {
        action()
      } catch (error) {
        refused.push(String(error))
      }
    }
    const host = listeningHost({
      call: (operation) => {
        if (operation === 'random.words') return '[1,2,3]'
        attempt(() => realm.dispose())
        attempt(() => realm.drain())
        return ''
      },
    })
    const realm = await engine.createRealm(host)
    realm.start(
      '{}',
      '{"tools":[],"maxOutputBytes":9,"maxConsoleBytes":99,"maxToolArgumentBytes":9}',
    )
    realm.begin('(() => console.log(1))', 'program.js')
    expect(refused.length).toBeGreaterThanOrEqual(2)
    expect(realm.pendingCalls()).toBe(0)
    realm.dispose()
  })

  it('stops between two promise reactions', async () => {
    let isOver = false
    const host = listeningHost({
      onTick: () => {
        if (isOver) throw new Leave()
      },
    })
    const realm = await engine.createRealm(host)
    realm.start(
      '{}',
      '{"tools":[],"maxOutputBytes":9,"maxConsoleBytes":99,"maxToolArgumentBytes":9}',
    )
    realm.begin('(async () => { console.log(1); await null; console.log(2) })', 'program.js')
    isOver = true
    expect(() => realm.drain()).toThrow(Leave)
    expect(host.lines).toEqual(['1'])
    realm.dispose()
  })

  it('makes the realm unusable', async () => {
    const host = listeningHost({ onTick: leavingAt(3) })
    const realm = await engine.createRealm(host)
    realm.start(
      '{}',
      '{"tools":[],"maxOutputBytes":9,"maxConsoleBytes":99,"maxToolArgumentBytes":9}',
    )
    expect(() => realm.begin('(() => { for (;;); })', 'program.js')).toThrow(Leave)
    expect(() => realm.drain()).toThrow('cannot be entered')
    realm.dispose()
    realm.dispose()
    expect(() => realm.pendingCalls()).toThrow('cannot be entered')
  })
})

describe('what the guest throws', () => {
  const thrown = {
    'a syntax error': ['(async () => {', { name: 'SyntaxError' }],
    'an error at the top': ['throw new RangeError("no")', { name: 'RangeError', message: 'no' }],
    'a value that is no error': ['throw 5', { name: 'Error', message: '5' }],
    'an error whose fields throw': [
      'throw { get name() { throw 1 }, get message() { throw 2 }, get stack() { throw 3 }, toString() { throw 4 } }',
      { name: 'Error', message: '' },
    ],
    nothing: ['throw undefined', { name: 'Error', message: 'undefined' }],
  } as const
  for (const [name, [code, expected]] of Object.entries(thrown)) {
    it(`arrives as an exception of the guest: ${name}`, async () => {
      const realm = await engine.createRealm(listeningHost())
      realm.start(
        '{}',
        '{"tools":[],"maxOutputBytes":9,"maxConsoleBytes":99,"maxToolArgumentBytes":9}',
      )
      let error: unknown
      try {
        realm.begin(code, 'program.js')
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(GuestException)
      expect(error).toMatchObject(expected)
      expect(realm.pendingCalls()).toBe(0)
      realm.dispose()
    })
  }
})

describe('an engine in which anything else has thrown', () => {
  it('makes no realm any more', async () => {
    const broken = await loadEngine()
    // This process has the stack that Node gives by default, which the engine's own outgrows.
    const recursion = '['.repeat(2e4) + ']'.repeat(2e4)
    const host = listeningHost()
    await expect(startBody(broken, host, `return ${recursion}`)).rejects.toThrow(RangeError)
    await expect(broken.prepare()).rejects.toThrow('failed before')
    await expect(broken.createRealm(host)).rejects.toThrow('failed before')
  })

  it('does not count what the guest itself threw', async () => {
    await runToEnd(engine, 'throw new Error("mine")')
    expect(await runToEnd(engine, 'return 2')).toEqual(['end.returned', '2'])
  })
})
