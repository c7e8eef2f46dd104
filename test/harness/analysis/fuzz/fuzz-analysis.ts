import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { ProgramLanguage } from '../../../../harness/program.ts'
import type { ProgramReader, ReadProgram } from '../../../../harness/program-reader.ts'
import { generatedProgram } from './generated-program.ts'
import { type FuzzText, mutateProgram } from './mutate-program.ts'
import { RandomSource } from './random-source.ts'

/** What came out of reading many texts that nobody would write. */
export interface FuzzReport {
  readonly count: number
  /** How the texts ended: `accepted`, `denied`, or the rule that refused them. */
  readonly endings: ReadonlyMap<string, number>
  /** What must not happen, with the text that did it. */
  readonly problems: readonly { readonly problem: string; readonly text: FuzzText }[]
  /** By the clock. */
  readonly slowest: { readonly ms: number; readonly text: FuzzText }
  /** The most processor time of a child for one text, where that was asked for. */
  readonly slowestCpuMs: number
  /** Texts that became programs, for a second opinion. */
  readonly accepted: readonly { readonly code: string; readonly text: FuzzText }[]
}

/** The programs and attacks of the corpus, as texts to be mutated. */
export function corpusTexts(): readonly FuzzText[] {
  return ['programs', 'attacks'].flatMap((name) =>
    readFileSync(new URL(`../../../corpus/${name}.jsonl`, import.meta.url), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(
        (line) => JSON.parse(line) as { readonly code: string; readonly language: ProgramLanguage },
      )
      .map(({ code, language }) => ({ source: code.slice(0, 20_000), language })),
  )
}

/** Half mutated programs of the corpus, half made by a grammar; the same for the same seed. */
export function* fuzzTexts(count: number, seed: number): Generator<FuzzText> {
  const programs = corpusTexts()
  const random = new RandomSource(seed)
  const batch = 200
  let made: readonly string[] = []
  for (let index = 0; index < count; index += 1) {
    if (index % 2 === 0) {
      yield mutateProgram(programs, random)
      continue
    }
    const place = (index >> 1) % batch
    if (place === 0) made = fc.sample(generatedProgram, { seed: seed + index, numRuns: batch })
    yield { source: made[place] ?? '', language: random.below(2) === 0 ? 'js' : 'ts' }
  }
}

/** What is kept and measured on the way. */
export interface FuzzOptions {
  readonly maxAccepted: number
  /** Processor time of each child so far, by its number. */
  readonly cpuMs?: () => ReadonlyMap<string, number>
}

/** Reads every text and looks at each answer. */
export async function fuzzAnalysis(
  reader: ProgramReader,
  texts: Iterable<FuzzText>,
  options: FuzzOptions,
): Promise<FuzzReport> {
  const endings = new Map<string, number>()
  const problems: FuzzReport['problems'][number][] = []
  const accepted: FuzzReport['accepted'][number][] = []
  let slowest: FuzzReport['slowest'] = { ms: 0, text: { source: '', language: 'js' } }
  let slowestCpuMs = 0
  let count = 0
  for (const text of texts) {
    const before = options.cpuMs?.()
    const started = performance.now()
    const read = await reader.read({
      ...text,
      toolNames: ['sql', 'list_tickets'],
      maxProgramBytes: 262_144,
    })
    const ms = performance.now() - started
    // A child that was not there before has spent its time on starting.
    for (const [pid, cpuMs] of options.cpuMs?.() ?? []) {
      const earlier = before?.get(pid)
      if (earlier !== undefined) slowestCpuMs = Math.max(slowestCpuMs, cpuMs - earlier)
    }
    if (ms > slowest.ms) slowest = { ms, text }
    const ending = endingOf(read)
    endings.set(ending, (endings.get(ending) ?? 0) + 1)
    for (const problem of problemsOf(read, text)) problems.push({ problem, text })
    count += 1
    if (!read.ok || accepted.length >= options.maxAccepted || hasInvalidRegex(read)) continue
    accepted.push({ code: read.program.code, text })
  }
  return { count, endings, problems, slowest, slowestCpuMs, accepted }
}

/** Our parser does not look into regular expressions; a rule does. */
function hasInvalidRegex({ program }: Extract<ReadProgram, { ok: true }>): boolean {
  return program.findings.some(({ ruleId }) => ruleId === 'no-invalid-regex')
}

function endingOf(read: ReadProgram): string {
  if (!read.ok) return read.findings[0]?.ruleId ?? 'nothing said'
  return read.program.findings.some(({ severity }) => severity === 'violation')
    ? 'denied'
    : 'accepted'
}

/** Whether an answer is one that a person or model can work with. */
function problemsOf(read: ReadProgram, { source }: FuzzText): string[] {
  const problems: string[] = []
  const findings = read.ok ? read.program.findings : read.findings
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/).length
  if (!read.ok && findings.length === 0) problems.push('refused without a reason')
  if (!read.ok && findings[0]?.ruleId === 'parser-crashed') problems.push('the child crashed')
  for (const { ruleId, message, line, column } of findings) {
    if (message === '' || message.length > 500)
      problems.push(`${ruleId}: a message of ${message.length}`)
    if (line !== undefined && (line < 1 || line > lines))
      problems.push(`${ruleId}: line ${line} of ${lines}`)
    if (column !== undefined && !(column >= 1)) problems.push(`${ruleId}: column ${column}`)
  }
  if (read.ok && !read.program.code.endsWith('\n})')) problems.push('the wrapper is not closed')
  return problems
}
