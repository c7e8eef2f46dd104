import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

// The name says who owns the folder: boot, process-id namespace, process id and its start time.
const STAGE_NAME = /^airlock-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-\w{6}$/

/**
 * A temporary folder for files of sandbox processes, which only this user may write to.
 *
 * @param forOthers - Another user has to read it: the temporary directory must let them in.
 * @throws {Error} If there is no such place.
 */
export function makeStage(forOthers: boolean): string {
  const { boot, namespace, startTicks } = ownMark()
  const name = `airlock-${boot}-${namespace}-${process.pid}-${startTicks}-`
  const place = temporaryFolders().find((folder) => !forOthers || isOpenToOthers(folder))
  if (place === undefined) throw new Error('No temporary directory can be entered by other users')
  const stage = mkdtempSync(join(place, name))
  chmodSync(stage, forOthers ? 0o755 : 0o700)
  return stage
}

/** Whether everybody may enter a directory and all those above it. */
export function isOpenToOthers(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false
  return folder === dirname(folder) || isOpenToOthers(dirname(folder))
}

/** Where stages may lie: the temporary directory, or the usual ones when that is private. */
function temporaryFolders(): string[] {
  const usual = process.platform === 'win32' ? [] : ['/tmp', '/var/tmp']
  const folders = [tmpdir(), ...usual].filter((folder) => existsSync(folder))
  return [...new Set(folders.map((folder) => realpathSync(folder)))]
}

/**
 * Removes the folders of {@link makeStage} whose owner was killed before it could. A folder of
 * somebody else, of another machine that shares the temporary directory, of a container whose
 * processes cannot be seen from here, or of a living process stays.
 */
export function removeStaleStages(): void {
  const own = ownMark()
  // Without these marks a process that is not seen is not known to be dead.
  if (own.boot === NO_BOOT || own.namespace === '0') return
  for (const path of temporaryFolders().flatMap(listFolder)) {
    const [, boot, namespace, pid, startTicks] = STAGE_NAME.exec(basename(path)) ?? []
    if (boot !== own.boot || namespace !== own.namespace) continue
    if (startTicksOf(Number(pid)) === startTicks || !isOwnFolder(path)) continue
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // It costs disk space and nothing else; the next start tries again.
    }
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

/**
 * Copies files and whole directories below a folder.
 *
 * @param files - The place that each gets below the folder, and where it is; `null` for an empty file.
 */
export function copyInto(
  stage: string,
  files: Iterable<readonly [place: string, file: string | null]>,
): void {
  for (const [place, file] of files) {
    const path = join(stage, place)
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    if (file === null) writeFileSync(path, '', { mode: 0o644 })
    else copyTree(file, path)
  }
}

function copyTree(from: string, to: string): void {
  const info = statSync(from)
  if (!info.isDirectory()) {
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
    chmodSync(to, (info.mode & 0o111) === 0 ? 0o644 : 0o755)
    return
  }
  mkdirSync(to, { recursive: true, mode: 0o755 })
  for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name))
}

const NO_BOOT = '00000000'

function ownMark(): { boot: string; namespace: string; startTicks: string } {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
    return { boot, namespace, startTicks: startTicksOf(process.pid) ?? '0' }
  } catch {
    return { boot: NO_BOOT, namespace: '0', startTicks: '0' }
  }
}

/** When a process started, in clock ticks since the machine did; null when there is none. */
export function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name before the last parenthesis may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function isOwnFolder(path: string): boolean {
  try {
    const info = lstatSync(path)
    return info.isDirectory() && info.uid === process.geteuid?.()
  } catch {
    return false
  }
}
