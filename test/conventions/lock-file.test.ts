import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './source-files.ts'

interface LockedPackage {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')

it('pins every package by its content and names no host', () => {
  expect(locked.length).toBeGreaterThan(0)
  const wrong = locked.filter(([, entry]) => !entry.link && (entry.resolved || !entry.integrity))
  expect(wrong.map(([path]) => path)).toEqual([])
})

it('lists the packages for other platforms, without which npm ci refuses the lock', () => {
  const missing = locked.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) =>
        !(`node_modules/${name}` in lock.packages) &&
        !(`${path}/node_modules/${name}` in lock.packages),
    ),
  )
  expect(missing).toEqual([])
})
