import { expect, it } from 'vitest'
import { crashRounds } from '../../../bench/reliability/crash-run.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { describeEachEngine } from './each-engine.ts'
import { temporaryFolder } from './temporary-folder.ts'

describeEachEngine(
  'a server that is killed at random moments under load',
  (engine) => {
    it('loses nothing it acknowledged, does nothing twice and leaves no run hanging', async () => {
      const report = await crashRounds({
        store: await engine.place(),
        folder: temporaryFolder(),
        rounds: 3,
        library: new URL('../../../src/index.ts', import.meta.url).href,
        openStore,
        random: Math.random,
      })
      const { acknowledged, startMs: _, rounds: _rounds, ...findings } = report
      expect(findings).toEqual({
        lostApprovals: [],
        lostJournalEntries: [],
        lostRuns: [],
        lostTraces: [],
        doneTwice: [],
        hanging: [],
        surprises: [],
      })
      expect(acknowledged.runs).toBeGreaterThan(0)
      expect(acknowledged.calls).toBeGreaterThan(0)
    })
  },
  { onlyDurable: true },
)
