import { describe, expect, it } from 'vitest'
import { assembleSeccompFilter } from '../../../../harness/sandbox/isolation/seccomp-filter.ts'
import {
  type FilterArchitecture,
  syscallNumber,
} from '../../../../harness/sandbox/isolation/syscall-numbers.ts'

const ALLOW = 'allow'
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 }

/** Runs a filter as the kernel would: classic BPF over the description of one system call. */
function judge(filter: Buffer, arch: number, number: number, args: readonly number[] = []): string {
  const input = Buffer.alloc(64)
  input.writeUInt32LE(number >>> 0, 0)
  input.writeUInt32LE(arch >>> 0, 4)
  args.forEach((value, i) => {
    input.writeBigUInt64LE(BigInt(value), 16 + 8 * i)
  })
  let word = 0
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(at * 8)
    const operand = filter.readUInt32LE(at * 8 + 4)
    const [yes, no] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)]
    if (code === 0x20) word = input.readUInt32LE(operand)
    else if (code === 0x05) at += operand
    else if (code === 0x15) at += word === operand ? yes : no
    else if (code === 0x35) at += word >= operand ? yes : no
    else if (code === 0x45) at += (word & operand) !== 0 ? yes : no
    else if (code === 0x06) return answerOf(operand)
    else throw new Error('Not an instruction the kernel takes')
  }
  throw new Error('The filter ends without an answer')
}

function answerOf(operand: number): string {
  if (operand === 0x7fff0000) return ALLOW
  return operand === 0x80000000 ? 'kill' : `errno ${operand & 0xffff}`
}

const CLONE_THREAD = 0x3d0f00
const FORK = 17
const cases: Record<'jail' | 'sealed', readonly (readonly [string, readonly number[], string])[]> =
  {
    jail: [
      ['read', [], ALLOW],
      ['openat', [], ALLOW],
      ['execve', [], ALLOW],
      ['clone', [CLONE_THREAD], ALLOW],
      ['clone', [FORK], 'errno 1'],
      ['clone', [CLONE_THREAD | 0x10000000], 'errno 1'],
      ['clone3', [], 'errno 38'],
      ['io_uring_setup', [], 'errno 38'],
      ['socket', [], 'errno 1'],
      ['kill', [], 'errno 1'],
      ['ioctl', [1, 0x5401], ALLOW],
      ['ioctl', [1, 0x5412], 'errno 1'],
      ['prctl', [38], ALLOW],
      ['prctl', [8], 'errno 1'],
      ['prlimit64', [0], ALLOW],
      ['prlimit64', [1], 'errno 1'],
      ['ptrace', [], 'kill'],
      ['unshare', [], 'kill'],
      ['execveat', [], 'kill'],
      ['bpf', [], 'kill'],
    ],
    sealed: [
      ['read', [], ALLOW],
      ['mmap', [], ALLOW],
      ['exit_group', [], ALLOW],
      ['openat', [], 'errno 1'],
      ['clone', [CLONE_THREAD], 'errno 1'],
      ['execve', [], 'kill'],
      ['socket', [], 'errno 1'],
      ['io_uring_enter', [], 'errno 38'],
      ['prctl', [38], 'errno 1'],
      ['seccomp', [], 'errno 1'],
      ['mount', [], 'kill'],
    ],
  }

describe('the system-call filter', () => {
  for (const architecture of ['x64', 'arm64'] as const satisfies readonly FilterArchitecture[]) {
    for (const stage of ['jail', 'sealed'] as const) {
      const filter = assembleSeccompFilter(stage, architecture)
      const arch = AUDIT_ARCH[architecture]
      for (const [name, args, expected] of cases[stage]) {
        it(`${stage}, ${architecture}: answers ${expected} to ${name}(${args.join(', ')})`, () => {
          const number = syscallNumber(name, architecture)
          if (number === null) throw new Error('No such call')
          expect(judge(filter, arch, number, args)).toBe(expected)
        })
      }

      it(`${stage}, ${architecture}: kills calls of another architecture and of x32`, () => {
        expect(judge(filter, 0x40000003, 0)).toBe('kill')
        if (architecture === 'x64') expect(judge(filter, arch, 0x40000000)).toBe('kill')
      })

      it(`${stage}, ${architecture}: gives every number an answer, most of them a refusal`, () => {
        const answers = Array.from({ length: 600 }, (_, number) => judge(filter, arch, number))
        expect(answers.filter((answer) => answer === ALLOW).length).toBeLessThan(110)
        expect(filter.length / 8).toBeLessThan(4096)
      })
    }
  }

  it('does not know invented calls', () => {
    expect(() => syscallNumber('opennat', 'x64')).toThrow(TypeError)
    expect(() => syscallNumber('constructor', 'x64')).toThrow(TypeError)
  })
})
