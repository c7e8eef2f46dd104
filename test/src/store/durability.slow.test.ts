import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../../src/store/open-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

const WRITER = fileURLToPath(new URL('./journal-writer.ts', import.meta.url))
const ROUNDS = 10

/** Kills the writer with SIGKILL once it has acknowledged `count` rows; answers all acknowledged ones. */
async function killAfter(count: number, location: string, runId: string): Promise<number[]> {
  const writer = spawn(process.execPath, [WRITER, location, runId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > count) writer.kill('SIGKILL')
  })
  await once(writer, 'close')
  // The last line may have been cut in the middle.
  return output.split('\n').slice(0, -1).map(Number)
}

describe('a process that is killed while it writes', () => {
  it('loses no acknowledged row', { timeout: 60_000 }, async () => {
    const location = join(temporaryFolder(), 'store.db')
    let acknowledged = 0
    for (let round = 0; round < ROUNDS; round++) {
      const runId = `run-${round}`
      const rows = await killAfter(1 + Math.floor(Math.random() * 300), location, runId)
      const store = await openStore(location)
      const found = new Set((await store.journal.read(runId)).map(({ seq }) => seq))
      await store.close()
      expect(rows.filter((seq) => !found.has(seq))).toEqual([])
      acknowledged += rows.length
    }
    expect(acknowledged).toBeGreaterThanOrEqual(ROUNDS)
  })
})

describe('a disk that takes no more', () => {
  it('refuses the write, keeps what was acknowledged and goes on reading', async () => {
    const location = join(temporaryFolder(), 'store.db')
    // A limit on the size of files, with its signal ignored, so that writing fails as on a full disk.
    const command = `trap '' XFSZ; ulimit -f 2048; exec "$@"`
    const args = ['-c', command, 'sh', process.execPath, WRITER, location, 'run', '20000']
    const writer = spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await once(writer, 'close')
    const lines = output.trimEnd().split('\n')
    const [, reason, readable] = lines.pop()?.split(' ') ?? []
    expect(['full', 'other']).toContain(reason)
    expect(lines.length).toBeGreaterThan(10)
    expect(Number(readable)).toBe(lines.length)
    const store = await openStore(location)
    expect(await store.journal.read('run')).toHaveLength(lines.length)
    // There is room again.
    const [entry] = await store.journal.read('run')
    if (entry === undefined) throw new TypeError('No row')
    await store.journal.started({ ...entry, seq: 1_000_000 })
    await store.close()
  })
})
