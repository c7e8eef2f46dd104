// Runs in the place of the sandbox child and does what a program would that has left its engine: first
// everything the child does before it takes a program, then one thing that it must not be able to do.
// Alone in its file, so that it can be copied to where the child's user may read it.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import inspector from 'node:inspector'
import net from 'node:net'

/** What the child is told. */
export interface EscapeOrder {
  readonly attempt: string
  /** Where the package's own seal lies. */
  readonly sealModule: string
  readonly seal: object | null
  readonly world: EscapeWorld
}

/** What there is to be harmed. */
export interface EscapeWorld {
  readonly readableFile: string
  readonly privateFile: string
  readonly openFolder: string
  readonly deletableFile: string
  readonly socketPath: string
  readonly abstractSocket: string
  readonly port: number
  /** A process of the user that children run as. */
  readonly victimPid: number
  readonly hostPid: number
}

/** Whether it worked, and in which words it did not. */
export interface EscapeAnswer {
  readonly isReached: boolean
  readonly detail: string
  /** What it listens on, if it does: whether the host can get there is the question. */
  readonly port?: number
}

type Number64 = number | bigint | Uint8Array
type Syscall = (call: keyof typeof NUMBERS, ...args: Number64[]) => number

const CHANNEL = 3
const NUMBERS = {
  openat: [257, 56],
  read: [0, 63],
  socket: [41, 198],
  connect: [42, 203],
  clone: [56, 220],
  exit_group: [231, 94],
  execve: [59, 221],
  kill: [62, 129],
  process_vm_readv: [310, 270],
  ptrace: [101, 117],
  io_uring_setup: [425, 425],
  userfaultfd: [323, 282],
  keyctl: [250, 219],
  memfd_create: [319, 279],
  shmget: [29, 194],
  inotify_init1: [294, 26],
  fchmodat: [268, 53],
  symlinkat: [266, 36],
} as const

const AT_FDCWD = -100
const O_WRONLY_CREATE = 0o101
const AF_UNIX = 1
const AF_INET = 2
const SOCK_STREAM = 1
const SIGCHLD = 17
const SIGTERM = 15
const CLONE_NEWUSER = 0x10000000
const PTRACE_ATTACH = 16
const UFFD_USER_MODE_ONLY = 1
const KEYCTL_JOIN_SESSION_KEYRING = 1

const text = (value: string): Buffer => Buffer.from(`${value}\0`)
const connected = (socket: net.Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => resolve('connected')).on('error', reject)
  })

/** With Node's own interfaces, as after an escape into the JavaScript around the engine. */
const withNode: Record<string, (world: EscapeWorld) => unknown> = {
  'read a file of the host': ({ readableFile }) => fs.readFileSync(readableFile),
  'read a file of root': ({ privateFile }) => fs.readFileSync(privateFile),
  "read the host's environment": ({ hostPid }) => fs.readFileSync(`/proc/${hostPid}/environ`),
  'list a folder of the host': ({ openFolder }) => fs.readdirSync(openFolder),
  'create a file': ({ openFolder }) => fs.closeSync(fs.openSync(`${openFolder}/created`, 'w')),
  'fill a file': ({ openFolder }) => fs.writeFileSync(`${openFolder}/filled`, 'x'.repeat(4096)),
  'delete a file': ({ deletableFile }) => fs.unlinkSync(deletableFile),
  'change the mode of a file': ({ deletableFile }) => fs.chmodSync(deletableFile, 0o600),
  'open a TCP connection': ({ port }) => connected(net.connect(port, '127.0.0.1')),
  'reach a Unix socket': ({ socketPath }) => connected(net.connect(socketPath)),
  'reach an abstract socket': ({ abstractSocket }) => connected(net.connect(abstractSocket)),
  'listen on a port': () =>
    new Promise((resolve, reject) => {
      const server = net.createServer().on('error', reject)
      server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port))
    }),
  'open the debugger': () => {
    inspector.open(0, '127.0.0.1')
    const port = new URL(inspector.url() ?? '').port
    if (port === '') throw new Error('No debugger')
    return Number(port)
  },
  'start a program': () => {
    const { error, status } = spawnSync(process.execPath, ['-v'])
    if (error !== undefined) throw error
    if (status !== 0) throw new Error(`status ${status}`)
  },
  'list processes': ({ hostPid }) => fs.readFileSync(`/proc/${hostPid}/comm`),
  'end another process': ({ victimPid }) => void process.kill(victimPid, 'SIGTERM'),
}

/** With the bare system calls, as after taking over the process itself. */
const withSystemCalls: Record<string, (call: Syscall, world: EscapeWorld) => number> = {
  'read a file of the host': (call, { readableFile }) => {
    const file = call('openat', AT_FDCWD, text(readableFile), 0, 0)
    return file < 0 ? file : call('read', file, Buffer.alloc(16), 16)
  },
  'read a file of root': (call, { privateFile }) =>
    call('openat', AT_FDCWD, text(privateFile), 0, 0),
  "read the host's environment": (call, { hostPid }) =>
    call('openat', AT_FDCWD, text(`/proc/${hostPid}/environ`), 0, 0),
  'create a file': (call, { openFolder }) =>
    call('openat', AT_FDCWD, text(`${openFolder}/made`), O_WRONLY_CREATE, 0o600),
  'change the mode of a file': (call, { deletableFile }) =>
    call('fchmodat', AT_FDCWD, text(deletableFile), 0o600),
  'open a TCP connection': (call, { port }) => {
    const address = Buffer.from([
      AF_INET,
      0,
      port >> 8,
      port & 255,
      127,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ])
    const socket = call('socket', AF_INET, SOCK_STREAM, 0)
    return socket < 0 ? socket : call('connect', socket, address, address.length)
  },
  'reach a Unix socket': (call, { socketPath }) => {
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), text(socketPath)])
    const socket = call('socket', AF_UNIX, SOCK_STREAM, 0)
    return socket < 0 ? socket : call('connect', socket, address, address.length)
  },
  'reach an abstract socket': (call, { abstractSocket }) => {
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(abstractSocket)])
    const socket = call('socket', AF_UNIX, SOCK_STREAM, 0)
    return socket < 0 ? socket : call('connect', socket, address, address.length)
  },
  'make a process': (call) => {
    const pid = call('clone', SIGCHLD, 0, 0, 0, 0)
    if (pid === 0) call('exit_group', 0)
    return pid
  },
  'become another program': (call) => {
    const path = text(process.execPath)
    const list = Buffer.alloc(24)
    list.writeBigUInt64LE(addressOf(path), 0)
    const version = text('--version')
    list.writeBigUInt64LE(addressOf(version), 8)
    return call('execve', path, list, Buffer.alloc(8))
  },
  'end another process': (call, { victimPid }) => call('kill', victimPid, SIGTERM),
  'read the memory of another process': (call, { victimPid }) => {
    const target = Buffer.alloc(8)
    const [local, remote] = [Buffer.alloc(16), Buffer.alloc(16)]
    local.writeBigUInt64LE(addressOf(target), 0)
    local.writeBigUInt64LE(8n, 8)
    remote.writeBigUInt64LE(addressOf(target), 0)
    remote.writeBigUInt64LE(8n, 8)
    const result = call('process_vm_readv', victimPid, local, 1, remote, 1, 0)
    // Nothing lies at that address there: to be told so, one has to be let in.
    return result === -14 ? 0 : result
  },
  'debug another process': (call, { victimPid }) => call('ptrace', PTRACE_ATTACH, victimPid, 0, 0),
  'make a user namespace': (call) => {
    const pid = call('clone', SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0)
    if (pid === 0) call('exit_group', 0)
    return pid
  },
  'open an io_uring': (call) => call('io_uring_setup', 4, Buffer.alloc(120)),
  'handle page faults': (call) => call('userfaultfd', UFFD_USER_MODE_ONLY),
  'join a keyring': (call) => call('keyctl', KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0),
  'make a file in memory': (call) => call('memfd_create', text('x'), 0),
  'make shared memory': (call) => call('shmget', 0, 4096, 0o1600),
}

/** Every attempt by name. */
export const ESCAPE_ATTEMPTS: readonly string[] = [
  ...Object.keys(withNode).map((name) => `node: ${name}`),
  ...Object.keys(withSystemCalls).map((name) => `calls: ${name}`),
]

interface ForeignFunctions {
  dlopen(
    library: string,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, (...args: bigint[]) => bigint> }
  getRawPointer(buffer: Uint8Array): bigint
  getInt32(pointer: bigint): number
}

let addressOf: (buffer: Uint8Array) => bigint = () => 0n

async function openSystemCalls(): Promise<Syscall> {
  const name = 'node:ffi'
  const ffi = (await import(name)) as ForeignFunctions
  addressOf = (buffer) => ffi.getRawPointer(buffer)
  const { functions } = ffi.dlopen('libc.so.6', {
    syscall: { arguments: Array<string>(7).fill('i64'), return: 'i64' },
    __errno_location: { arguments: [], return: 'pointer' },
  })
  const { syscall, __errno_location: errno } = functions
  if (syscall === undefined || errno === undefined) throw new Error('libc has no syscall')
  return (call, ...args) => {
    const number = NUMBERS[call][process.arch === 'arm64' ? 1 : 0]
    const words = args.map((arg) => (typeof arg === 'object' ? addressOf(arg) : BigInt(arg)))
    while (words.length < 6) words.push(0n)
    const result = Number(syscall(BigInt(number), ...words))
    return result === -1 ? -ffi.getInt32(errno()) : result
  }
}

function readOrder(): EscapeOrder {
  const take = (length: number): Buffer => {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; ) at += fs.readSync(CHANNEL, bytes, at, length - at, null)
    return bytes
  }
  return JSON.parse(take(take(4).readUInt32BE(0)).toString('utf8'))
}

async function main(): Promise<void> {
  const { attempt, sealModule, seal, world } = readOrder()
  const [actor, name = ''] = attempt.split(': ')
  const call = actor === 'calls' ? await openSystemCalls() : null
  if (seal !== null) {
    const { installSeal } = (await import(sealModule)) as {
      installSeal(seal: object): Promise<unknown>
    }
    await installSeal(seal)
  }
  const { permission } = process as unknown as { permission?: { drop?(scope: string): void } }
  // Who has taken over the process does not ask Node for permission.
  for (const scope of call === null ? ['fs.read', 'ffi'] : ['fs.read']) {
    try {
      permission?.drop?.(scope)
    } catch {
      // This Node does not know the scope.
    }
  }
  process.on('uncaughtException', (error) => end(refusal(error)))
  fs.writeSync(CHANNEL, 'ready\n')
  end(await attemptWith(call, name, world))
}

function end(answer: EscapeAnswer): void {
  fs.writeSync(CHANNEL, `${JSON.stringify(answer)}\n`)
  if (answer.port === undefined) process.exit()
}

function refusal(error: unknown): EscapeAnswer {
  const { code } = error as NodeJS.ErrnoException
  return { isReached: false, detail: String(code ?? 'refused') }
}

async function attemptWith(
  call: Syscall | null,
  name: string,
  world: EscapeWorld,
): Promise<EscapeAnswer> {
  if (call !== null) {
    const result = withSystemCalls[name]?.(call, world) ?? -1
    return { isReached: result >= 0, detail: result >= 0 ? 'done' : `errno ${-result}` }
  }
  try {
    const port = await withNode[name]?.(world)
    return { isReached: true, detail: 'done', ...(typeof port === 'number' && { port }) }
  } catch (error) {
    return refusal(error)
  }
}

// Imported for its list of attempts by everybody else.
if (process.argv[1] === import.meta.filename) await main()
