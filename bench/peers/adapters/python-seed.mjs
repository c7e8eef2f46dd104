// The same design as the seed project's process sandbox, written anew: a wrapper script with the program in base64,
// a temporary file, `python <file>`, the result as JSON behind a marker on stdout. No tool calls, only injected data.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const MARK = '@@RESULT@@'
const wrapper = (code, data) => `import base64, json, traceback
out = {"value": None, "error": None}
try:
    scope = {"data": json.loads(base64.b64decode("${Buffer.from(JSON.stringify(data)).toString('base64')}"))}
    exec(base64.b64decode("${Buffer.from(code).toString('base64')}").decode(), scope)
    out["value"] = scope.get("result")
except Exception:
    out["error"] = traceback.format_exc()
print("${MARK}")
print(json.dumps(out))
`
export default {
  name: 'python3 spawn (seed design)',
  isolation: 'process',
  tools: false,
  kernel: false,
  programs: {
    trivial: 'result = 1 + 1',
    hold: 'import time\ntime.sleep(2)',
    'sync-loop': 'while True: pass',
    'never-settles': 'import time\ntime.sleep(1e6)',
    'array-bomb': 'a = []\nwhile True: a.append([1.5 * i for i in range(1000000)])',
    'buffer-bomb': 'a = []\nwhile True: a.append(bytearray(b"1" * 10000000))',
    access: ({ secretFile, writeFile, port }) => `import os, subprocess, urllib.request
def t(f):
    try: return str(f())
    except Exception as e: return "denied: " + str(e)[:90]
result = {"fsRead": t(lambda: open(${JSON.stringify(secretFile)}).read()), "fsWrite": t(lambda: open(${JSON.stringify(writeFile)}, "w").write("x") and "ok"),
  "net": t(lambda: "status %d" % urllib.request.urlopen("http://127.0.0.1:${port}/").status), "env": t(lambda: os.environ["BENCH_SECRET"]),
  "spawn": t(lambda: subprocess.check_call(["/bin/true"]) or "ok"), "pid": str(os.getpid())}`,
  },
  async setup() {
    // the interpreter itself, not a version manager's launcher script
    this.bin = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'])
      .toString()
      .trim()
    this.dir = await mkdtemp(path.join(tmpdir(), 'seed-'))
    this.n = 0
  },
  async run(code, { timeoutMs }) {
    const file = path.join(this.dir, `${this.n++}.py`)
    await writeFile(file, wrapper(code, {}))
    const child = spawn(this.bin, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    child.stdout.on('data', (d) => chunks.push(d))
    child.stderr.resume()
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeoutMs)
    const status = await new Promise((y) => {
      child.on('close', (c, s) => y(c ?? s))
      child.on('error', y)
    })
    clearTimeout(timer)
    await rm(file, { force: true })
    if (late) return { ok: false, error: 'timeout' }
    const text = Buffer.concat(chunks).toString()
    const at = text.lastIndexOf(MARK)
    if (at < 0) return { ok: false, error: `exit ${status}` }
    const r = JSON.parse(text.slice(at + MARK.length))
    return r.error ? { ok: false, error: r.error } : { ok: true, value: r.value }
  },
  async teardown() {
    await rm(this.dir, { recursive: true, force: true })
  },
}
