import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { defineConfig } from 'vitest/config'

const SLOW = 'test/**/*.slow.test.ts'

// `npm run check` runs the project "fast", `npm test` both.
export default defineConfig({
  test: {
    watch: false,
    pool: 'forks',
    // Tests start real child processes, so more workers than this only wait for each other.
    maxWorkers: 2,
    slowTestThreshold: 1_000,
    // Secrets for stores on a server, which have no files beside them to keep theirs in.
    env: {
      AIRLOCK_AUDIT_KEY: generateKeyPairSync('ed25519')
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      AIRLOCK_MASTER_KEY: randomBytes(32).toString('base64'),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [SLOW],
          testTimeout: 15_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: [SLOW],
          // After the fast ones: what takes long should not make a deadline elsewhere pass.
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
