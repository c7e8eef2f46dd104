import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SandboxManager } from '@anthropic-ai/sandbox-runtime'
import { nodeGuest, runInChild } from '../lib/stdio.mjs'
export default {
  name: 'sandbox-runtime (srt) + node',
  isolation: 'kernel',
  note: 'library use, proxies started once; deny reading all but /usr and node',
  async setup() {
    await SandboxManager.initialize({
      network: { allowedDomains: [], deniedDomains: [] },
      filesystem: {
        denyRead: ['/home', os.homedir(), os.tmpdir()],
        allowRead: [
          path.dirname(process.execPath),
          path.dirname(nodeGuest),
          fileURLToPath(new URL('../vendor', import.meta.resolve('@anthropic-ai/sandbox-runtime'))),
        ],
        allowWrite: [],
        denyWrite: [],
      },
    })
  },
  async run(code, o) {
    const command = await SandboxManager.wrapWithSandbox(
      `exec '${process.execPath}' --max-old-space-size=${o.memoryMb} '${nodeGuest}'`,
    )
    return runInChild(command, [], code, { ...o, shell: true, env: { PATH: process.env.PATH } })
  },
  async teardown() {
    await SandboxManager.reset()
  },
}
