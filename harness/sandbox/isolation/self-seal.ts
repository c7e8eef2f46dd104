import type { SealOptions, SelfTest } from '../rpc-message.ts'
import { syscallNumber } from './syscall-numbers.ts'

/** The part of `node:ffi` that is used. Exists from Node 26 on. */
interface ForeignFunctions {
  dlopen(
    library: string,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, (...args: bigint[]) => bigint> }
  getRawPointer(buffer: Buffer): bigint
  getInt32(pointer: bigint): number
}

type Syscall = (name: string, ...args: (number | bigint | Buffer)[]) => number

const PR_SET_PDEATHSIG = 1
const PR_SET_NO_NEW_PRIVS = 38
const SIGKILL = 9
const AT_FDCWD = -100
const AF_INET = 2
const SOCK_STREAM = 1
const SIGCHLD = 17
const LANDLOCK_CREATE_RULESET_VERSION = 1
const SECCOMP_SET_MODE_FILTER = 1
const SECCOMP_FILTER_FLAG_TSYNC = 1
const RLIMIT_FSIZE = 1
const RLIMIT_CORE = 4
const RLIMIT_NOFILE = 7
const RLIMIT_MEMLOCK = 8
const RLIMIT_MSGQUEUE = 12
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  13: 'EACCES',
  38: 'ENOSYS',
}
const MAX_DESCRIPTOR = 64
const LIMITS: readonly SealLimit[] = [
  [RLIMIT_FSIZE, 0],
  [RLIMIT_CORE, 0],
  [RLIMIT_NOFILE, MAX_DESCRIPTOR],
  [RLIMIT_MEMLOCK, 0],
  [RLIMIT_MSGQUEUE, 0],
]

/** A resource limit: the kernel's number of the resource, and the most of it. */
export type SealLimit = readonly [resource: number, value: number]

/** How a seal is installed. */
export interface SealSettings extends SealOptions {
  /** Default: no files written, no core dumps, 64 descriptors, no locked memory, no message queues. */
  readonly limits?: readonly SealLimit[]
}

/**
 * Closes this process off for good, with nothing but Node itself: no new privileges, death with the
 * parent, resource limits, an empty Landlock ruleset, and a system-call filter over all threads.
 * Needs no privilege and no other program. Everything that is used later must be loaded before.
 *
 * @returns What the process was refused when it tried, with raw system calls, afterwards.
 * @throws {Error} If any step fails: a half-sealed process must not serve.
 */
export async function installSeal(options: SealSettings): Promise<SelfTest> {
  const { syscall, addressOf } = await openSyscall()
  expectZero('prctl', syscall('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
  expectZero('prctl', syscall('prctl', PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
  for (const [resource, value] of options.limits ?? LIMITS) limit(syscall, resource, value)
  denyAllPaths(syscall)
  closeRings(syscall)
  const filter = Buffer.from(options.filter, 'base64')
  const program = Buffer.alloc(16)
  program.writeUInt16LE(filter.length / 8, 0)
  program.writeBigUInt64LE(addressOf(filter), 8)
  const installed = syscall('seccomp', SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program)
  expectZero('seccomp', installed)
  return {
    file: refusal(syscall('openat', AT_FDCWD, Buffer.from(`${options.knownFile}\0`), 0, 0)),
    network: refusal(syscall('socket', AF_INET, SOCK_STREAM, 0)),
    process: refusal(syscall('clone', SIGCHLD, 0, 0, 0, 0)),
  }
}

async function openSyscall(): Promise<{ syscall: Syscall; addressOf(buffer: Buffer): bigint }> {
  const architecture = process.arch
  if (architecture !== 'x64' && architecture !== 'arm64')
    throw new Error('No seal for this machine')
  // The module does not exist on Node 24, so its name is not written where it would be resolved early.
  const name = 'node:ffi'
  const ffi = (await import(name)) as ForeignFunctions
  const { functions } = ffi.dlopen('libc.so.6', {
    syscall: { arguments: Array<string>(7).fill('i64'), return: 'i64' },
    __errno_location: { arguments: [], return: 'pointer' },
  })
  const { syscall, __errno_location: errnoLocation } = functions
  if (syscall === undefined || errnoLocation === undefined) throw new Error('libc has no syscall')
  const addressOf = (buffer: Buffer): bigint => ffi.getRawPointer(buffer)
  return {
    addressOf,
    // A negative result is the error number, as the kernel itself has it.
    syscall: (call, ...args) => {
      const number = syscallNumber(call, architecture)
      if (number === null) throw new Error('No such system call on this machine')
      const words = args.map((arg) => (Buffer.isBuffer(arg) ? addressOf(arg) : BigInt(arg)))
      while (words.length < 6) words.push(0n)
      const result = syscall(BigInt(number), ...words)
      return result < 0n ? -ffi.getInt32(errnoLocation()) : Number(result)
    },
  }
}

/** Handles every access the running kernel knows of and allows none. */
function denyAllPaths(syscall: Syscall): void {
  const version = syscall('landlock_create_ruleset', 0, 0, LANDLOCK_CREATE_RULESET_VERSION)
  if (version < 1) throw new Error('The kernel has no Landlock')
  const fileRights = version >= 5 ? 16 : version >= 3 ? 15 : version === 2 ? 14 : 13
  const attributes = Buffer.alloc(version >= 6 ? 24 : version >= 4 ? 16 : 8)
  attributes.writeBigUInt64LE((1n << BigInt(fileRights)) - 1n, 0)
  if (version >= 4) attributes.writeBigUInt64LE(3n, 8)
  if (version >= 6) attributes.writeBigUInt64LE(3n, 16)
  const ruleset = syscall('landlock_create_ruleset', attributes, attributes.length, 0)
  if (ruleset < 0) throw new Error('The Landlock ruleset was refused')
  expectZero('landlock_restrict_self', syscall('landlock_restrict_self', ruleset, 0))
  syscall('close', ruleset)
}

/**
 * Closes the io_uring instances that libuv opens at start: their operations would pass the filter
 * unseen. libuv touches them only for new event sources, and a sealed process adds none.
 */
function closeRings(syscall: Syscall): void {
  const target = Buffer.alloc(64)
  for (let descriptor = 3; descriptor < MAX_DESCRIPTOR; descriptor++) {
    const path = Buffer.from(`/proc/self/fd/${descriptor}\0`)
    const length = syscall('readlinkat', AT_FDCWD, path, target, target.length)
    if (length > 0 && target.toString('latin1', 0, length).includes('[io_uring]')) {
      syscall('close', descriptor)
    }
  }
}

function limit(syscall: Syscall, resource: number, value: number): void {
  const pair = Buffer.alloc(16)
  pair.writeBigUInt64LE(BigInt(value), 0)
  pair.writeBigUInt64LE(BigInt(value), 8)
  expectZero('prlimit64', syscall('prlimit64', 0, resource, pair, 0))
}

function expectZero(step: string, result: number): void {
  if (result !== 0)
    throw new Error(`The seal failed at ${step} with ${ERRNO_NAMES[-result] ?? result}`)
}

function refusal(result: number): string {
  return result >= 0 ? 'allowed' : (ERRNO_NAMES[-result] ?? `errno ${-result}`)
}
