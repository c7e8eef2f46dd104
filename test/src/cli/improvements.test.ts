import { describe, expect, it } from 'vitest'
import type { IsolationFacts, IsolationLayer } from '../../../harness/index.ts'
import { type HostFacts, readHostFacts } from '../../../src/cli/host-facts.ts'
import { improvementsOf } from '../../../src/cli/improvements.ts'

const DEBIAN: HostFacts = {
  platform: 'linux',
  nodeMajor: 26,
  isRoot: false,
  hasBubblewrap: true,
  distributions: ['ubuntu', 'debian'],
  settings: {
    'kernel.unprivileged_userns_clone': '1',
    'kernel.apparmor_restrict_unprivileged_userns': '0',
    'user.max_user_namespaces': '96365',
  },
  securityModules: ['capability', 'landlock'],
}

function facts(...missing: IsolationLayer[]): IsolationFacts {
  const layers: readonly IsolationLayer[] = ['process']
  return {
    level: 'process',
    engine: 'quickjs',
    driver: 'process',
    layers,
    missing: missing.map((layer) => ({ layer, remedy: 'x' })),
  }
}

const unjailed = facts('seccomp', 'namespaces', 'read-only-root', 'rlimits', 'no-new-privs')

const commands: Record<string, readonly [Partial<HostFacts>, IsolationFacts, string | null]> = {
  'the package of Debian': [{ hasBubblewrap: false }, unjailed, 'sudo apt-get install bubblewrap'],
  'the package of Fedora, as root': [
    { hasBubblewrap: false, distributions: ['fedora'], isRoot: true },
    unjailed,
    'dnf install bubblewrap',
  ],
  'the package of a relative that is known': [
    { hasBubblewrap: false, distributions: ['rocky', 'rhel', 'fedora'] },
    unjailed,
    'sudo dnf install bubblewrap',
  ],
  'no package of a system that is not known': [
    { hasBubblewrap: false, distributions: ['toString'] },
    unjailed,
    null,
  ],
  'the setting of AppArmor that forbids namespaces': [
    { settings: { ...DEBIAN.settings, 'kernel.apparmor_restrict_unprivileged_userns': '1' } },
    unjailed,
    'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  'the setting of Debian that forbids namespaces': [
    { settings: { 'kernel.unprivileged_userns_clone': '0' } },
    unjailed,
    'sudo sysctl -w kernel.unprivileged_userns_clone=1',
  ],
  'the number of namespaces': [
    { settings: { 'user.max_user_namespaces': '0' } },
    unjailed,
    'sudo sysctl -w user.max_user_namespaces=15000',
  ],
  'nothing to type where a container forbids them': [{}, unjailed, null],
  'a newer Node': [{ nodeMajor: 24 }, facts('landlock'), 'npm install node@26'],
  'nothing to type for a kernel without Landlock': [
    { securityModules: ['capability'] },
    facts('landlock'),
    null,
  ],
}

describe('what the doctor advises', () => {
  for (const [name, [changes, missing, command]] of Object.entries(commands)) {
    it(`is ${name}`, () => {
      const [improvement, ...others] = improvementsOf(missing, { ...DEBIAN, ...changes })
      expect(others).toEqual([])
      expect(improvement?.command).toBe(command)
      expect(improvement?.layers).toEqual(
        expect.arrayContaining(missing.missing.map(({ layer }) => layer)),
      )
    })
  }

  it('is nothing where nothing is missing', () => {
    expect(improvementsOf(facts(), DEBIAN)).toEqual([])
  })

  it('is Linux on systems that have nothing of the kind', () => {
    for (const platform of ['darwin', 'win32']) {
      const missing = facts('seccomp', 'namespaces', 'landlock', 'uid-drop')
      const [first] = improvementsOf(missing, { ...DEBIAN, platform })
      expect(first?.advice).toContain('Linux')
      expect(first?.command).toBeNull()
    }
  })

  it('comes from this machine', () => {
    const host = readHostFacts()
    expect(host.platform).toBe(process.platform)
    expect(host.nodeMajor).toBeGreaterThanOrEqual(24)
    if (process.platform === 'linux') expect(host.distributions).not.toEqual([''])
  })
})
