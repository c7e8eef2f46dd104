import { type FilterArchitecture, syscallNumber } from './syscall-numbers.ts'

// What a running engine needs: memory, time, threads that exist, descriptors that are open.
const RUNNING =
  `brk clock_nanosleep close epoll_ctl epoll_pwait epoll_pwait2 epoll_wait exit exit_group fcntl fstat
  futex futex_waitv getpid getppid getrusage gettid lseek madvise mmap mprotect munmap mremap read
  readv write writev rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack sched_getaffinity
  sched_getparam sched_getscheduler sched_yield getrandom clock_gettime clock_getres nanosleep
  gettimeofday time times sysinfo getuid geteuid getgid getegid getresuid getresgid rseq
  set_robust_list get_robust_list membarrier uname getcwd getsockname getsockopt poll ppoll select
  pselect6 restart_syscall tgkill`
    .trim()
    .split(/\s+/)

// What Node needs on top of it until it is ready.
const STARTING =
  `openat open newfstatat stat lstat statx access readlink readlinkat arch_prctl capget dup dup2 dup3
  epoll_create epoll_create1 eventfd2 execve faccessat faccessat2 pipe pipe2 pread64 set_tid_address
  wait4 getdents64 recvmsg sendmsg shutdown getrlimit`
    .trim()
    .split(/\s+/)

// No honest child comes near these: the process dies, and the host sees it as a violation.
const FATAL =
  `ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp mount umount2 pivot_root
  chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr unshare setns keyctl add_key
  request_key bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module
  delete_module reboot swapon swapoff name_to_handle_at open_by_handle_at iopl ioperm modify_ldt
  execveat personality quotactl acct settimeofday clock_settime`
    .trim()
    .split(/\s+/)

const ACTION = {
  allow: 0x7fff0000,
  kill: 0x80000000,
  eperm: 0x00050001,
  enosys: 0x00050026,
} as const
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const

const LOAD = 0x20
const JUMP = 0x05
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const JUMP_ANY_BIT = 0x45
const RETURN = 0x06

const ARCH_OFFSET = 4
const ARGUMENTS_OFFSET = 16
const X32_BIT = 0x40000000
const CLONE_THREAD = 0x00010000
const CLONE_NEW_ANY = 0x7e020080

/** One instruction: code, jump if true, jump if false, operand. */
type Instruction = readonly [number, number, number, number]

const load = (argument: number, high = false): Instruction => [
  LOAD,
  0,
  0,
  ARGUMENTS_OFFSET + argument * 8 + (high ? 4 : 0),
]
const answer = (action: number): Instruction => [RETURN, 0, 0, action]

/** Allows the call when the low word of an argument is one of `values`. */
function oneOf(argument: number, values: readonly number[]): Instruction[] {
  const tests = values.map<Instruction>((value, i) => [JUMP_EQUAL, values.length - i, 0, value])
  return [load(argument), ...tests, [JUMP, 0, 0, 1], answer(ACTION.allow), answer(ACTION.eperm)]
}

/** Allows `prlimit64` on the process itself: without privileges it can only take away. */
const onlyOwnLimits: readonly Instruction[] = [
  load(0),
  [JUMP_EQUAL, 0, 1, 0],
  answer(ACTION.allow),
  answer(ACTION.eperm),
]

/** Allows `clone` to make a thread, never a process or a namespace. */
const onlyThreads: readonly Instruction[] = [
  load(0),
  [JUMP_ANY_BIT, 2, 0, CLONE_NEW_ANY],
  [JUMP_ANY_BIT, 0, 1, CLONE_THREAD],
  answer(ACTION.allow),
  answer(ACTION.eperm),
]

// TCGETS, FIONBIO, FIOCLEX, TIOCGWINSZ, FIONREAD
const harmlessIoctls = oneOf(1, [0x5401, 0x5421, 0x5451, 0x5413, 0x541b])
// PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_VMA
const harmlessPrctls = oneOf(0, [1, 3, 4, 15, 16, 38, 0x53564d41])

/**
 * Assembles a system-call filter for Linux as an allow list: what is not named fails with `EPERM`.
 *
 * @param stage - `'jail'` lets Node start and is installed before it; `'sealed'` is installed by a
 * child that has loaded everything: no file can be opened, no thread or process made, nothing executed.
 * @returns The BPF program as the kernel reads it.
 */
export function assembleSeccompFilter(
  stage: 'jail' | 'sealed',
  architecture: FilterArchitecture,
): Buffer {
  const isJail = stage === 'jail'
  const rules: Instruction[] = [[LOAD, 0, 0, ARCH_OFFSET]]
  rules.push([JUMP_EQUAL, 1, 0, AUDIT_ARCH[architecture]], answer(ACTION.kill), [LOAD, 0, 0, 0])
  // The x32 calls are the same calls under other numbers, so an allow list must not meet them.
  if (architecture === 'x64') rules.push([JUMP_AT_LEAST, 0, 1, X32_BIT], answer(ACTION.kill))
  const check = (name: string, body: readonly Instruction[]): void => {
    const number = syscallNumber(name, architecture)
    if (number !== null) rules.push([JUMP_EQUAL, 0, body.length, number], ...body)
  }
  check('ioctl', harmlessIoctls)
  if (isJail) {
    check('prctl', harmlessPrctls)
    check('prlimit64', onlyOwnLimits)
    check('clone', onlyThreads)
    // The child may still narrow itself further: these only ever take rights away.
    for (const name of SEALING) check(name, [answer(ACTION.allow)])
  }
  const allowed = isJail ? [...RUNNING, ...STARTING] : RUNNING
  rules.push(...list(allowed, ACTION.allow, architecture))
  rules.push(...list(FATAL, ACTION.kill, architecture))
  if (!isJail) rules.push(...list(['execve'], ACTION.kill, architecture))
  // "Not there" makes libc use clone, whose flags can be checked, and libuv do without io_uring,
  // whose operations would pass every filter unseen.
  const absent = ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'] as const
  rules.push(...list(absent, ACTION.enosys, architecture), answer(ACTION.eperm))
  return encode(rules)
}

const SEALING = [
  'seccomp',
  'landlock_create_ruleset',
  'landlock_add_rule',
  'landlock_restrict_self',
]

/** A chain of comparisons that ends in one answer. */
function list(
  names: readonly string[],
  action: number,
  architecture: FilterArchitecture,
): Instruction[] {
  const numbers = names.flatMap((name) => syscallNumber(name, architecture) ?? [])
  const tests = numbers.map<Instruction>((number, i) => [JUMP_EQUAL, numbers.length - i, 0, number])
  return [...tests, [JUMP, 0, 0, 1], answer(action)]
}

function encode(rules: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(rules.length * 8)
  rules.forEach(([code, whenTrue, whenFalse, operand], i) => {
    bytes.writeUInt16LE(code, i * 8)
    bytes.writeUInt8(whenTrue, i * 8 + 2)
    bytes.writeUInt8(whenFalse, i * 8 + 3)
    bytes.writeUInt32LE(operand >>> 0, i * 8 + 4)
  })
  return bytes
}
