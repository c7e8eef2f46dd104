// Started as a process by tests: fills a journal as fast as it can and prints each place once it is
// acknowledged. Ends by being killed, or by the first refusal, which it prints too.
import { writeSync } from 'node:fs'
import { openStore } from '../../../src/store/open-store.ts'
import { StoreError } from '../../../src/store/store-error.ts'

const [location = ':memory:', runId = 'run', bytes = '200'] = process.argv.slice(2)
const store = await openStore(location)
let next = 0
let refused: string | null = null

async function write(): Promise<void> {
  while (refused === null) {
    const seq = next++
    try {
      await store.journal.started({
        runId,
        seq,
        tool: 'note',
        argument: { text: 'x'.repeat(Number(bytes)) },
        digest: String(seq),
        readOnly: false,
        idempotencyKey: `${runId}:${seq}`,
        startedAt: seq,
      })
      writeSync(1, `${seq}\n`)
    } catch (error) {
      refused = error instanceof StoreError ? error.reason : String(error)
    }
  }
}

await Promise.all(Array.from({ length: 16 }, write))
const readable = (await store.journal.read(runId)).length
writeSync(1, `refused ${refused} ${readable}\n`)
await store.close()
