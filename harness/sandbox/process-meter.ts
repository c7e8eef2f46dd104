import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

// The page sizes that Linux machines have.
const PAGE_BYTES = [4096, 16_384, 65_536]

let pageBytes: number | undefined

/**
 * Reads what a process uses, as the kernel counts it, through descriptors that stay open: a reading
 * costs a few microseconds. Zeros where the platform does not say, and once the process is gone.
 */
export class ProcessMeter {
  readonly #pid: number
  readonly #buffer = Buffer.alloc(256)
  readonly #memory: number | null
  readonly #schedule: number | null
  #isClosed = false

  constructor(pid: number) {
    this.#pid = pid
    this.#memory = openOrNull(`/proc/${pid}/statm`)
    this.#schedule = openOrNull(`/proc/${pid}/schedstat`)
  }

  /** Resident memory now, in bytes. */
  residentBytes(): number {
    const pages = Number(this.#read(this.#memory).split(' ', 2)[1] ?? 0)
    return pages * bytesPerPage()
  }

  /** CPU time of the main thread since it started, in milliseconds. */
  cpuMs(): number {
    return Number(this.#read(this.#schedule).split(' ', 1)[0]) / 1_000_000
  }

  /** The most resident memory the process ever had, in bytes. */
  peakBytes(): number {
    try {
      return kibOf(readFileSync(`/proc/${this.#pid}/status`, 'latin1'), 'VmHWM')
    } catch {
      return 0
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const descriptor of [this.#memory, this.#schedule]) {
      if (descriptor !== null) closeSync(descriptor)
    }
  }

  #read(descriptor: number | null): string {
    if (descriptor === null || this.#isClosed) return ''
    try {
      const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, 0)
      return this.#buffer.toString('latin1', 0, length)
    } catch {
      return ''
    }
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

/** Node does not tell the page size: it follows from one figure in both units. */
function bytesPerPage(): number {
  if (pageBytes !== undefined) return pageBytes
  const resident = kibOf(readFileSync('/proc/self/status', 'latin1'), 'VmRSS')
  const pages = Number(readFileSync('/proc/self/statm', 'latin1').split(' ', 2)[1])
  const ratio = resident / pages
  pageBytes = PAGE_BYTES.reduce((best, size) =>
    Math.abs(size - ratio) < Math.abs(best - ratio) ? size : best,
  )
  return pageBytes
}

function kibOf(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)
  return Number(found?.[1] ?? 0) * 1024
}
