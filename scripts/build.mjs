// Compiles the rooms to dist/ (or to the folder given as first argument) and copies what tsc leaves out.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const ROOMS = ['src', 'runtime', 'harness', 'console']

// Files of an earlier build that no longer have a source would be packed too.
rmSync(target, { recursive: true, force: true })

const tsc = join(root, 'node_modules/typescript/bin/tsc')
const compile = spawnSync(
  process.execPath,
  [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', target],
  { cwd: root, stdio: 'inherit' },
)
if (compile.status !== 0) {
  rmSync(target, { recursive: true, force: true })
  process.exit(compile.status ?? 1)
}

let copied = 0
for (const room of ROOMS) {
  const folder = join(root, room)
  if (!existsSync(folder)) continue
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.[cm]?ts$/.test(entry.name)) continue
    const source = join(entry.parentPath, entry.name)
    const copy = join(target, relative(root, source))
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(source, copy)
    copied += 1
  }
}
console.log(`Built ${relative(root, target) || target}, ${copied} further files copied`)
