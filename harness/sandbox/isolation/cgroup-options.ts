import { ConfigurationError, SandboxError } from '../../errors.ts'
import { refuseUnknownOptions } from '../../unknown-options.ts'
import { type Cgroup, openCgroups } from './cgroup.ts'

/**
 * What the kernel holds each sandbox process to by a control group of its own, beside the limits that the
 * host watches. Only asked for by name: it needs a part of the control group tree that this process may
 * write, as root, in many containers, or under systemd with `Delegate=memory pids cpu` and
 * `DelegateSubgroup=main`.
 */
export interface CgroupOptions {
  /** Memory of the process with all that it shares and caches, in MiB. Default 1 024. */
  readonly memoryMb?: number
  /** Most processes and threads; a Node has about a dozen. Default 64. */
  readonly maxTasks?: number
  /** Most processors it may keep busy at once, for example 1.5. Default 2. */
  readonly maxCpus?: number
}

/** Makes a control group for one process. */
export type MakeCgroup = () => Cgroup

/**
 * Checks the options.
 *
 * @throws {ConfigurationError} Names the option and what it may be.
 */
export function readCgroupOptions(options: CgroupOptions): Required<CgroupOptions> {
  refuseUnknownOptions('isolation.cgroup', options, ['memoryMb', 'maxTasks', 'maxCpus'])
  const { memoryMb = 1_024, maxTasks = 64, maxCpus = 2 } = options
  if (!Number.isSafeInteger(memoryMb) || memoryMb < 128) {
    throw new ConfigurationError('isolation.cgroup.memoryMb must be a whole number, 128 or more')
  }
  if (!Number.isSafeInteger(maxTasks) || maxTasks < 32) {
    throw new ConfigurationError('isolation.cgroup.maxTasks must be a whole number, 32 or more')
  }
  if (!Number.isFinite(maxCpus) || maxCpus < 0.1) {
    throw new ConfigurationError('isolation.cgroup.maxCpus must be a number, 0.1 or more')
  }
  return { memoryMb, maxTasks, maxCpus }
}

/**
 * Finds where this host lets groups be made.
 *
 * @throws {SandboxError} `ERR_ISOLATION_UNAVAILABLE` where it does not: what was asked for by name is
 * there, or nothing runs.
 */
export function cgroupMaker({ memoryMb, maxTasks, maxCpus }: Required<CgroupOptions>): MakeCgroup {
  const host = openCgroups()
  if (host === null) {
    throw new SandboxError(
      'ERR_ISOLATION_UNAVAILABLE',
      'isolation.cgroup is set and this process may make no control groups: give it a subtree of its own ' +
        '(systemd: Delegate=memory pids cpu and DelegateSubgroup=main), or leave the option out',
    )
  }
  return () => host.create({ memoryBytes: memoryMb * 1024 * 1024, maxTasks, maxCpus })
}
