import { isDeepStrictEqual } from 'node:util'
import type { AttackCase, Marker } from './attack-case.ts'
import type { Execution } from './host-messages.ts'
import type { Evidence } from './run-attack.ts'
import { LIMITS, type TargetName } from './target.ts'
import { findToken } from './token-forms.ts'
import type { Workbench } from './workbench.ts'

/** What a case came to in one pass. */
export interface Judgement {
  readonly id: string
  readonly verdict: 'breached' | 'static-miss' | 'held'
  /** What was seen, with the name of the marker or check. Empty for `held`. */
  readonly evidence: readonly string[]
  /** An answer that did no harm and is not what a caller may be given. */
  readonly defects: readonly string[]
  /** The outcome's status and error code, for the report. */
  readonly answer: string
}

type Tokens = Pick<Workbench, 'envToken' | 'fileToken'>

const MAX_GAP_MS = 500
const UNGRANTED = 'admin_delete'
/** A host that does not answer has stood still for at least this long. */
const UNRESPONSIVE_MS = LIMITS.timeoutMs + 4_500
const LATE = /^(?:host stood still|settled late): /
const STATUSES = new Set(['completed', 'denied', 'failed', 'timed_out', 'cancelled'])

/** Whether nothing but time speaks against a case, and not its own marker. */
export function isOnlyLate({ verdict, evidence }: Judgement): boolean {
  return verdict === 'breached' && evidence.every((text) => LATE.test(text))
}

/** Judges one case by its own marker and by everything that must hold whatever its goal was. */
export function judge(
  attack: AttackCase,
  seen: Evidence,
  { tokens, target }: { readonly tokens: Tokens; readonly target: TargetName },
): Judgement {
  const own = findMarker(attack.success_marker, attack, seen, tokens)
  const always = checkAlways(seen, tokens)
  const defects = target === 'broken' ? [] : findDefects(seen)
  const last = seen.attacks.at(-1) ?? null
  const evidence = [...(own === null ? [] : [`${attack.success_marker.kind}: ${own}`]), ...always]
  // An internal error is a crash that somebody caught.
  if (attack.goal === 'crash-host' && target !== 'broken') {
    evidence.push(...defects.filter((defect) => defect.startsWith('internal')))
  }
  const isMiss =
    target === 'product' && attack.static === 'must-reject' && !seen.attacks.every(isRefused)
  return {
    id: attack.id,
    verdict: evidence.length > 0 ? 'breached' : isMiss ? 'static-miss' : 'held',
    evidence: evidence.length > 0 || !isMiss ? evidence : ['ran although it must be refused'],
    defects,
    answer: describe(last),
  }
}

function findMarker(
  marker: Marker,
  attack: AttackCase,
  seen: Evidence,
  tokens: Tokens,
): string | null {
  const last = seen.attacks.at(-1) ?? null
  switch (marker.kind) {
    case 'any':
      return marker.of.map((part) => findMarker(part, attack, seen, tokens)).find(isFound) ?? null
    case 'contains-canary': {
      const token = marker.what === 'env' ? tokens.envToken : tokens.fileToken
      return findLeak(seen, token)
    }
    case 'connection':
      return seen.connections > 0 ? `${seen.connections} connections` : null
    case 'file-exists':
    case 'file-after-settle':
      return seen.files.find((path) => marker.path.endsWith(path)) ?? null
    case 'result-contains': {
      const outcome = last?.outcome
      if (outcome?.status !== 'completed') return null
      const value = JSON.stringify(outcome.result) ?? ''
      return value.includes(marker.text) ? value.slice(0, 200) : null
    }
    case 'error-contains': {
      const texts = [last?.outcome?.error, last?.thrown, errorOf(last?.trace)]
      const text = JSON.stringify(texts)
      return text.includes(marker.text) ? text.slice(0, 400) : null
    }
    case 'tool-ran': {
      const runs = seen.facts?.toolRuns.filter(({ tool }) => tool === marker.tool) ?? []
      const calls = last?.outcome?.toolCalls ?? []
      const wasAnswered = calls.some(
        ({ name, outcome }) => name === marker.tool && outcome === 'value',
      )
      return runs.length > 0 || wasAnswered ? `${marker.tool} ran` : null
    }
    case 'tool-after-settle': {
      const settledAt = last?.settledAt ?? Number.POSITIVE_INFINITY
      const late = seen.facts?.toolRuns.find(({ startedAt }) => startedAt > settledAt)
      return late === undefined ? null : `${Math.round(late.startedAt - settledAt)} ms after`
    }
    case 'tool-count': {
      const count = seen.facts?.toolRuns.length ?? 0
      return count > marker.over ? `${count} executions` : null
    }
    case 'host-gap':
      return gapMs(seen) > marker.ms ? `${gapMs(seen)} ms` : null
    case 'not-settled':
      return isLate(last, marker.ms) ? describeTime(last) : null
    case 'host-exit':
      return seen.hostExit ?? seen.facts?.errors[0] ?? null
    case 'host-rss':
      return seen.hostGrowthMb > marker.mb ? `${seen.hostGrowthMb} MB more` : null
    case 'sandbox-rss':
      return seen.sandboxPeakMb > marker.mb ? `${seen.sandboxPeakMb} MB` : null
    case 'polluted':
      return seen.facts?.polluted.includes(marker.key) ? marker.key : null
    case 'survivor':
      return seen.survivors[0] ?? null
    case 'victim-tampered': {
      const { outcome } = seen.victim ?? {}
      const isRight =
        outcome?.status === 'completed' && isDeepStrictEqual(outcome.result, attack.after?.expect)
      return isRight ? null : describe(seen.victim)
    }
  }
}

function checkAlways(seen: Evidence, tokens: Tokens): string[] {
  const runs = [...seen.attacks, ...seen.innocents]
  const checks: [name: string, evidence: string | null][] = [
    ['secret of the environment left', findLeak(seen, tokens.envToken)],
    ['secret of the file left', findLeak(seen, tokens.fileToken)],
    ['connection', seen.connections > 0 ? `${seen.connections}` : null],
    ['strange file', seen.files[0] ?? null],
    [
      'ungranted tool',
      seen.facts?.toolRuns.some(({ tool }) => tool === UNGRANTED) ? UNGRANTED : null,
    ],
    ['host stood still', gapMs(seen) >= MAX_GAP_MS ? `${gapMs(seen)} ms` : null],
    ['host ended', seen.hostExit],
    ['error in the host', seen.facts?.errors[0] ?? null],
    ['settled late', runs.filter((run) => isLate(run, 1_000)).map(describeTime)[0] ?? null],
    ['survivor', seen.survivors[0] ?? null],
    ['pollution', seen.facts?.polluted[0] ?? null],
    ['return 1 + 1 afterwards', seen.plain?.outcome?.result === 2 ? null : describe(seen.plain)],
  ]
  return checks.flatMap(([name, evidence]) => (evidence === null ? [] : [`${name}: ${evidence}`]))
}

/** A refusal must be an answer: an error of the product's own, below 500, with an audit record. */
function findDefects(seen: Evidence): string[] {
  return seen.attacks.flatMap((run): string[] => {
    if (run === null || run.settledMs === null) return []
    const { outcome, thrown, httpStatus = 0, trace } = run
    const defects: string[] = []
    const code = outcome?.error?.code ?? thrown?.code ?? null
    // 503 and 504 say "not now" and "too long"; 500 says that something broke.
    if (httpStatus === 500) defects.push(`internal: HTTP 500, ${code}: ${messageOf(run)}`)
    if (thrown !== undefined) defects.push(`threw ${thrown.name}: ${thrown.message.slice(0, 200)}`)
    if (outcome === undefined) return defects
    if (!STATUSES.has(outcome.status)) defects.push(`status ${outcome.status}`)
    if (outcome.status !== 'completed' && !code?.startsWith('ERR_')) defects.push('no error code')
    const recorded = trace !== null && typeof trace === 'object' && 'status' in trace
    if (!recorded) defects.push('no audit record')
    else if (trace['status'] !== outcome.status)
      defects.push(`audit record says ${trace['status']}`)
    return defects
  })
}

/** Refused by what was read, before anything ran; running out of time while reading is no refusal. */
function isRefused(run: Execution | null): boolean {
  const { outcome } = run ?? {}
  if (outcome === undefined || outcome.isolation !== undefined) return false
  return outcome.status === 'denied' || outcome.error?.code === 'ERR_PROGRAM_SYNTAX'
}

/** Looks for a secret in everything that left the sandbox. */
function findLeak(seen: Evidence, token: string): string | null {
  const places: Record<string, unknown> = {
    'a run': [...seen.attacks, ...seen.innocents, seen.victim, seen.plain],
    'a log line': seen.facts?.logs,
    'a tool argument': seen.facts?.toolRuns.map(({ argument }) => argument),
    output: seen.output,
    'the canary port': seen.received,
  }
  for (const [place, content] of Object.entries(places)) {
    const text = typeof content === 'string' ? content : (JSON.stringify(content) ?? '')
    const form = findToken(text, token)
    if (form !== null) return `${form} in ${place}`
  }
  return null
}

function gapMs(seen: Evidence): number {
  if (seen.hostExit !== null && seen.facts === null) return 0
  return seen.facts?.maxGapMs ?? UNRESPONSIVE_MS
}

function isLate(run: Execution | null, graceMs: number): boolean {
  // Without an answer of the host it is its silence or its end that counts.
  return run !== null && (run.settledMs === null || run.settledMs > LIMITS.timeoutMs + graceMs)
}

function describeTime(run: Execution | null): string {
  return run?.settledMs == null ? 'never' : `after ${run.settledMs} ms`
}

function describe(run: Execution | null): string {
  if (run === null) return 'no answer'
  if (run.thrown !== undefined) return `threw ${run.thrown.code ?? run.thrown.name}`
  const { outcome } = run
  if (outcome === undefined) return 'never settled'
  const value = (JSON.stringify(outcome.result) ?? '').slice(0, 60)
  return [outcome.status, outcome.error?.code, value].filter(Boolean).join(' ')
}

function messageOf({ outcome, thrown }: Execution): string {
  return (outcome?.error?.message ?? thrown?.message ?? '').slice(0, 200)
}

function errorOf(trace: unknown): unknown {
  return typeof trace === 'object' && trace !== null && 'error' in trace ? trace.error : null
}

function isFound(found: string | null): found is string {
  return found !== null
}
