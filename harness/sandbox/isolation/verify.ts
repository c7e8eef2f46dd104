import { readFileSync, readlinkSync } from 'node:fs'
import type { SelfTest } from '../rpc-message.ts'
import type {
  IsolationFacts,
  IsolationLayer,
  IsolationLevel,
  IsolationMinimum,
} from './isolation-level.ts'

/** What is known of a started child beside what the kernel says. */
export interface VerifyInput {
  readonly pid: number
  readonly driver: string
  /** The child installed its own Landlock ruleset and filter before it was ready. */
  readonly isSealed: boolean
  readonly selfTest: SelfTest
}

const NAMESPACES = ['user', 'pid', 'net', 'mnt', 'ipc'] as const
const CAPABILITY_FIELDS = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const

const INSTALL = 'Install bubblewrap (bwrap) and allow unprivileged user namespaces'
const INSTALL_OR_UPDATE = 'Install bubblewrap (bwrap), or use Node 26 or newer on Linux'
const LEAVE_ROOT = 'Run the host as an ordinary user'

const REMEDIES: Readonly<Partial<Record<IsolationLayer, string>>> = {
  rlimits: INSTALL_OR_UPDATE,
  'uid-drop': LEAVE_ROOT,
  'no-new-privs': INSTALL_OR_UPDATE,
  'no-capabilities': LEAVE_ROOT,
  namespaces: INSTALL,
  'read-only-root': INSTALL,
  seccomp: INSTALL_OR_UPDATE,
  landlock: 'Use Node 26 or newer on Linux 5.13 or newer',
}

/**
 * Decides what really separates a running child from this host, from what the kernel says about the
 * child and from what the child was refused when it tried. What cannot be read does not count.
 */
export function verifyIsolation(input: VerifyInput): IsolationFacts {
  const layers = new Set<IsolationLayer>(['wasm', 'process', 'node-permission'])
  for (const [layer, holds] of Object.entries(kernelFacts(input))) {
    if (holds) layers.add(layer as IsolationLayer)
  }
  const missing = Object.entries(REMEDIES)
    .filter(([layer]) => !layers.has(layer as IsolationLayer))
    .map(([layer, remedy]) => ({ layer: layer as IsolationLayer, remedy }))
  const level = levelOf(layers, input.selfTest)
  return { level, engine: 'quickjs', driver: input.driver, layers: [...layers], missing }
}

function kernelFacts({ pid, isSealed }: VerifyInput): Partial<Record<IsolationLayer, boolean>> {
  const status = readStatus(pid)
  if (status === null) return {}
  return {
    seccomp: status['Seccomp'] === '2',
    'no-new-privs': status['NoNewPrivs'] === '1',
    'no-capabilities': CAPABILITY_FIELDS.every((name) => /^0+$/.test(status[name] ?? '')),
    'uid-drop':
      /^(\d+)\t\1\t\1\t\1$/.test(status['Uid'] ?? '') && !/^0\t/.test(status['Uid'] ?? ''),
    namespaces: NAMESPACES.every((name) => differs(pid, name)),
    'read-only-root': hasReadOnlyRoot(pid),
    rlimits: hasLimits(pid),
    landlock: isSealed,
  }
}

function levelOf(layers: ReadonlySet<IsolationLayer>, selfTest: SelfTest): IsolationLevel {
  const has = (...names: IsolationLayer[]): boolean => names.every((name) => layers.has(name))
  const isRefused = Object.values(selfTest).every((answer) => answer !== 'allowed')
  if (!isRefused || !has('no-new-privs', 'no-capabilities', 'uid-drop')) return 'process'
  if (has('seccomp') && (has('namespaces', 'read-only-root') || has('landlock'))) return 'kernel'
  return has('namespaces') ? 'namespaced' : 'process'
}

const RANK: Readonly<Record<IsolationMinimum, number>> = {
  best: 0,
  process: 0,
  namespaced: 1,
  kernel: 2,
}

/** Whether verified facts reach a minimum. */
export function reachesMinimum(facts: IsolationFacts, minimum: IsolationMinimum): boolean {
  return RANK[facts.level] >= RANK[minimum]
}

/** The fields of `/proc/<pid>/status`, or null where there are none. */
function readStatus(pid: number): Record<string, string> | null {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'latin1').split('\n')
    return Object.fromEntries(lines.map((line) => line.split(':\t', 2) as [string, string]))
  } catch {
    return null
  }
}

function differs(pid: number, namespace: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/ns/${namespace}`) !== readlinkSync(`/proc/self/ns/${namespace}`)
    )
  } catch {
    return false
  }
}

function hasReadOnlyRoot(pid: number): boolean {
  try {
    const lines = readFileSync(`/proc/${pid}/mountinfo`, 'latin1').split('\n')
    const mounts = lines.map((line) => line.split(' ')).filter((fields) => fields.length > 5)
    const isReadOnly = (fields: string[]): boolean => (fields[5] ?? '').split(',').includes('ro')
    return mounts.some((fields) => fields[4] === '/') && mounts.every(isReadOnly)
  } catch {
    return false
  }
}

function hasLimits(pid: number): boolean {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1')
    return /^Max file size +0 +0 /m.test(limits) && /^Max core file size +0 +0 /m.test(limits)
  } catch {
    return false
  }
}
