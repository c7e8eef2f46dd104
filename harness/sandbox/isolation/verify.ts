import { readFileSync, readlinkSync } from 'node:fs'
import type { SelfTest } from '../rpc-message.ts'
import type { Cgroup } from './cgroup.ts'
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
  readonly engine: IsolationFacts['engine']
  /** The child installed its own Landlock ruleset and filter before it was ready. */
  readonly isSealed: boolean
  readonly selfTest: SelfTest
  /** The control group that the child was put in; absent where none is used. */
  readonly cgroup?: Pick<Cgroup, 'holds'>
}

const NAMESPACES = ['user', 'pid', 'net', 'mnt', 'ipc'] as const
const CAPABILITY_FIELDS = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const

const INSTALL = 'Install bubblewrap (bwrap) and allow unprivileged user namespaces'
const INSTALL_OR_UPDATE = 'Install bubblewrap (bwrap), or use Node 26 or newer on Linux'
const ELSEWHERE = 'Run the host on Linux: this system has nothing of the kind'
const LEAVE_ROOT = 'Run the host as an ordinary user'

const REMEDIES: Readonly<Partial<Record<IsolationLayer, string>>> = {
  rlimits: INSTALL_OR_UPDATE,
  'uid-drop': LEAVE_ROOT,
  'no-new-privs': INSTALL_OR_UPDATE,
  'node-permission': 'Start the child with --permission, as every driver of this package does',
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
  const layers = new Set<IsolationLayer>(['process'])
  if (input.engine === 'quickjs') layers.add('wasm')
  if (hasPermissionModel(input)) layers.add('node-permission')
  if (input.cgroup?.holds(input.pid) === true) layers.add('cgroup')
  for (const [layer, holds] of Object.entries(kernelFacts(input))) {
    if (holds) layers.add(layer as IsolationLayer)
  }
  const missing = Object.entries(REMEDIES)
    .filter(([layer]) => !layers.has(layer as IsolationLayer))
    .map(([layer, remedy]) => ({
      layer: layer as IsolationLayer,
      remedy: process.platform === 'linux' ? remedy : ELSEWHERE,
    }))
  const level = levelOf(layers, input.selfTest)
  return { level, engine: input.engine, driver: input.driver, layers: [...layers], missing }
}

/**
 * Whether a process that was verified is still separated as it was: same process, system-call filter,
 * no new privileges, no capabilities, user and namespaces. Takes a few dozen microseconds, so that a
 * pool may ask before it uses a process again. A process that does not hold any more must be killed.
 */
export function recheckIsolation(pid: number, facts: IsolationFacts): boolean {
  // Without /proc nothing was verified from outside, and there is nothing to compare with.
  if (process.platform !== 'linux') return true
  const status = readStatus(pid)
  if (status === null) return false
  const now: Partial<Record<IsolationLayer, boolean>> = {
    ...statusFacts(status),
    namespaces: !facts.layers.includes('namespaces') || isApart(pid),
  }
  return facts.layers.every((layer) => now[layer] !== false)
}

function kernelFacts(input: VerifyInput): Partial<Record<IsolationLayer, boolean>> {
  const { pid, isSealed, selfTest } = input
  const status = readStatus(pid)
  if (status === null) return {}
  const facts = statusFacts(status)
  return {
    ...facts,
    // A filter that lets everything through is a filter to the kernel, too.
    seccomp: facts.seccomp && selfTest.network !== 'allowed' && selfTest.process !== 'allowed',
    namespaces: isApart(pid),
    'read-only-root': hasReadOnlyRoot(pid),
    rlimits: hasLimits(pid),
    landlock: isSealed,
  }
}

function statusFacts(status: Readonly<Record<string, string>>) {
  return {
    seccomp: status['Seccomp'] === '2',
    'no-new-privs': status['NoNewPrivs'] === '1',
    'no-capabilities': CAPABILITY_FIELDS.every((name) => /^0+$/.test(status[name] ?? '')),
    'uid-drop':
      /^(\d+)\t\1\t\1\t\1$/.test(status['Uid'] ?? '') && !/^0\t/.test(status['Uid'] ?? ''),
  }
}

function levelOf(layers: ReadonlySet<IsolationLayer>, selfTest: SelfTest): IsolationLevel {
  const has = (...names: IsolationLayer[]): boolean => names.every((name) => layers.has(name))
  const { file, network, process: other } = selfTest
  // In a network namespace of its own a child may listen: nobody is there.
  const isOffline = network !== 'allowed' || has('namespaces')
  const isRefused = file !== 'allowed' && other !== 'allowed' && isOffline
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

function isApart(pid: number): boolean {
  return NAMESPACES.every((name) => differs(pid, name))
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

/**
 * Whether Node's permission model is on: by the command line as the kernel has it, or, where there is
 * no `/proc`, by the word with which the model refused the child a file.
 */
function hasPermissionModel({ pid, selfTest }: VerifyInput): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('--permission')
  } catch {
    return selfTest.file === 'ERR_ACCESS_DENIED'
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
