import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { root } from './built.ts'
import type { GroupMessage, TreePeak } from './group-context.ts'
import { killTree, pssOf, rssOf } from './peers/lib/proc.mjs'
import { claim, type Row } from './rows.ts'

const LONGEST_GROUP_MS = 300_000
const SAMPLE_MS = 10
// Sharing pages out costs the kernel more than counting them.
const SAMPLES_PER_PSS = 5

/** Runs one group of measurements in a fresh process and ends it when it takes too long. */
export async function runGroup(name: string, isQuick: boolean): Promise<readonly Row[]> {
  const entry = join(import.meta.dirname, 'measure-group.ts')
  const child = fork(entry, [name, isQuick ? 'quick' : 'full'], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { promise, resolve } = Promise.withResolvers<readonly Row[]>()
  const fail = (why: string): void => {
    resolve([
      claim(
        `group ${name}`,
        'runs to its end',
        false,
        why.replaceAll(root, '.').replace(/\s*\n[\s\S]*/, ''),
      ),
    ])
  }
  const watch = new TreeWatch(child)
  const timer = setTimeout(() => {
    fail('took too long')
    if (child.pid !== undefined) killTree(child.pid)
  }, LONGEST_GROUP_MS)
  child.on('message', (message: GroupMessage) => {
    switch (message.kind) {
      case 'watch':
        return watch.start()
      case 'unwatch':
        child.send(watch.stop())
        return
      case 'done':
        return resolve(message.rows)
      case 'failed':
        return fail(message.error)
    }
  })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  void exited.then(() => fail('the process ended before its group'))
  const rows = await promise
  await exited
  clearTimeout(timer)
  watch.stop()
  return rows
}

/** Samples the memory of a process and everything below it. */
class TreeWatch {
  readonly #child: ChildProcess
  #timer: NodeJS.Timeout | undefined
  #samples = 0
  #rssBytes = 0
  #pssBytes = 0

  constructor(child: ChildProcess) {
    this.#child = child
  }

  start(): void {
    this.stop()
    this.#samples = 0
    this.#rssBytes = 0
    this.#pssBytes = 0
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS)
  }

  stop(): TreePeak {
    clearInterval(this.#timer)
    return { rssBytes: this.#rssBytes, pssBytes: this.#pssBytes }
  }

  #sample(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    this.#rssBytes = Math.max(this.#rssBytes, rssOf(pid))
    if (this.#samples++ % SAMPLES_PER_PSS === 0) {
      this.#pssBytes = Math.max(this.#pssBytes, pssOf(pid))
    }
  }
}
