import { readFileSync } from 'node:fs'
import type { JsonValue } from '../../../harness/index.ts'

/** How to recognise that an attacker got what they wanted. Times are milliseconds, sizes MiB. */
export type Marker =
  | { readonly kind: 'contains-canary'; readonly what: 'env' | 'file' }
  | { readonly kind: 'connection' }
  | { readonly kind: 'file-exists'; readonly path: string }
  | { readonly kind: 'file-after-settle'; readonly path: string; readonly linger: number }
  | { readonly kind: 'result-contains'; readonly text: string }
  | { readonly kind: 'error-contains'; readonly text: string }
  | { readonly kind: 'tool-ran'; readonly tool: string }
  | { readonly kind: 'tool-after-settle' }
  | { readonly kind: 'tool-count'; readonly over: number }
  | { readonly kind: 'host-gap'; readonly ms: number }
  | { readonly kind: 'not-settled'; readonly ms: number }
  | { readonly kind: 'host-exit' }
  | { readonly kind: 'host-rss'; readonly mb: number }
  | { readonly kind: 'sandbox-rss'; readonly mb: number }
  | { readonly kind: 'polluted'; readonly key: string }
  | { readonly kind: 'survivor'; readonly linger: number }
  | { readonly kind: 'victim-tampered' }
  | { readonly kind: 'any'; readonly of: readonly Marker[] }

/** One hostile program of the corpus. */
export interface AttackCase {
  readonly id: string
  readonly category: string
  readonly technique: string
  readonly language: 'js' | 'ts'
  readonly goal: string
  readonly code: string
  readonly success_marker: Marker
  readonly static: 'must-reject' | 'may-reject'
  /** The deliberately weak sandboxes it defeated when the corpus was made. */
  readonly beats: readonly string[]
  readonly data?: JsonValue
  readonly repeat?: number
  readonly before?: { readonly code: string; readonly data?: JsonValue }
  readonly after?: { readonly code: string; readonly data?: JsonValue; readonly expect: JsonValue }
}

/** What stands where the corpus has placeholders. */
export interface Placeholders {
  readonly canaryFile: string
  readonly tmpDir: string
  readonly canaryPort: number
  /** JavaScript array literals of objects. */
  readonly resultFrames: string
  readonly callFrames: string
}

const CORPUS = new URL('../attacks.jsonl', import.meta.url)

/** Goals whose programs load the machine; such a case is run while nothing else runs. */
const HEAVY = new Set(['hang-host', 'crash-host', 'exhaust-memory', 'evade-timeout'])

/** Reads the corpus, one case per line. */
export function readAttacks(): AttackCase[] {
  const lines = readFileSync(CORPUS, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line))
}

/** Whether a case must run alone. */
export function isBomb(attack: AttackCase): boolean {
  return HEAVY.has(attack.goal)
}

/** Replaces the placeholders in every string of a case. */
export function fillPlaceholders(attack: AttackCase, placeholders: Placeholders): AttackCase {
  const fixed: Record<string, string> = {
    '{{CANARY_FILE}}': placeholders.canaryFile,
    '{{TMP_DIR}}': placeholders.tmpDir,
    '{{CANARY_PORT}}': String(placeholders.canaryPort),
    '{{RESULT_FRAMES}}': placeholders.resultFrames,
    '{{CALL_FRAMES}}': placeholders.callFrames,
  }
  const fill = (text: string): string =>
    text
      .replace(/\{\{REPEAT\|(\d+)\|([\s\S]*?)\}\}/g, (_, count, part) => part.repeat(Number(count)))
      .replace(/\{\{[A-Z_]+\}\}/g, (name) => fixed[name] ?? name)
  // As JSON every string of the case is reached, whatever the field.
  return JSON.parse(JSON.stringify(attack), (_key, value: unknown) =>
    typeof value === 'string' ? fill(value) : value,
  )
}

/** The longest time that any of a case's markers wants to be waited for after the outcome. */
export function lingerMs(marker: Marker): number {
  switch (marker.kind) {
    case 'any':
      return Math.max(0, ...marker.of.map(lingerMs))
    case 'file-after-settle':
    case 'survivor':
      return marker.linger
    case 'tool-after-settle':
      // Long enough for a call that a timer of the program would make.
      return 300
    default:
      return 0
  }
}
