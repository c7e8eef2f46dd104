// Measures which layer of the sandbox holds what and writes it to the docs. By hand, on Linux as root
// with bubblewrap and Node 26:
//
//   node scripts/layer-table.mjs attempts            two minutes
//   node scripts/layer-table.mjs corpus <engine>     a quarter of an hour
//   node scripts/layer-table.mjs drivers <engine>    ten minutes, once more with --as-nobody
//   node scripts/layer-table.mjs render              the document alone
import { readFileSync, writeFileSync } from 'node:fs'
import { candidateDrivers } from '../harness/sandbox/isolation/probe.ts'
import { UNPRIVILEGED_ID } from '../harness/sandbox/isolation/runtime-files.ts'
import { EscapeLab } from '../test/harness/sandbox/isolation/layers/escape-lab.ts'
import { ESCAPE_ATTEMPTS } from '../test/harness/sandbox/isolation/layers/escaped-child.mts'
import {
  openLayerRecord,
  REMOVALS,
  readLayerRecord,
  recordAttempt,
  recordCorpus,
  recordDriver,
} from '../test/harness/sandbox/isolation/layers/layer-record.ts'
import {
  DOCUMENT,
  describeLayers,
  withReport,
} from '../test/harness/sandbox/isolation/layers/layer-report.ts'

const [what, engine, ...options] = process.argv.slice(2)
const hasEngine = engine === 'quickjs' || engine === 'v8'
const write = openLayerRecord()
const host = `Linux ${process.arch}, Node ${process.versions.node.split('.')[0]}`

if (options.includes('--as-nobody')) {
  process.setgroups([])
  process.setgid(UNPRIVILEGED_ID)
  process.setuid(UNPRIVILEGED_ID)
}

if (what === 'attempts') {
  const lab = await EscapeLab.open()
  const attempts = {}
  for (const attempt of ESCAPE_ATTEMPTS) {
    attempts[attempt] = await recordAttempt(lab, attempt)
    console.log(attempt, JSON.stringify(attempts[attempt]))
  }
  await lab.close()
  write({ ...readLayerRecord(), host, attempts })
} else if (what === 'corpus' && hasEngine) {
  for (const removed of REMOVALS) {
    const one = await recordCorpus(engine, removed)
    console.log(JSON.stringify(one))
    const isOther = (run) => run.engine !== engine || String(run.removed) !== String(removed)
    const known = readLayerRecord()
    write({ ...known, host, corpus: [...known.corpus.filter(isOther), one] })
  }
} else if (what === 'drivers' && hasEngine) {
  for (const { name } of candidateDrivers()) {
    const one = await recordDriver(engine, name)
    console.log(JSON.stringify(one))
    const isOther = ({ engine, driver, user }) =>
      engine !== one.engine || driver !== one.driver || user !== one.user
    const known = readLayerRecord()
    write({ ...known, host, drivers: [...known.drivers.filter(isOther), one] })
  }
} else if (what !== 'render') {
  console.error('Say what: attempts, corpus, drivers or render')
  process.exit(2)
}

// Whoever has become nobody may not write there.
if (!options.includes('--as-nobody')) {
  const report = describeLayers(readLayerRecord())
  writeFileSync(DOCUMENT, withReport(readFileSync(DOCUMENT, 'utf8'), report))
}
