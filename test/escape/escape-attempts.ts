import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SandboxResult } from '../../harness/sandbox/sandbox.ts'

/** Where an attack would leave its mark: a secret in the environment, a file, a port, a directory. */
export interface Canaries {
  readonly secret: string
  readonly file: string
  readonly directory: string
  readonly port: number
  connections(): number
  wroteFile(): boolean
  remove(): Promise<void>
}

/** Sets the canaries out. */
export async function setCanaries(): Promise<Canaries> {
  const secret = `canary-${crypto.randomUUID()}`
  process.env['CANARY_SECRET'] = secret
  const directory = mkdtempSync(join(tmpdir(), 'canary-'))
  const file = join(directory, 'canary.txt')
  writeFileSync(file, secret)
  let connections = 0
  const server: Server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    secret,
    file,
    directory,
    port: address.port,
    connections: () => connections,
    wroteFile: () => existsSync(join(directory, 'out')),
    remove: async () => {
      Reflect.deleteProperty(process.env, 'CANARY_SECRET')
      rmSync(directory, { recursive: true })
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Ways to the host's global object that have worked against some sandbox or other. */
export const REACHES: Readonly<Record<string, string>> = {
  'the global object': 'globalThis',
  'a sloppy this': '(0, function () { return this })()',
  'the constructor of a function': '(() => 0).constructor("return globalThis")()',
  'the constructor of a tool': 'tools.echo.constructor("return globalThis")()',
  'the constructor of a tool answer':
    '(await tools.echo({})).constructor.constructor("return globalThis")()',
  'the constructor of data': 'data.constructor.constructor("return globalThis")()',
  'the constructor of console': 'console.log.constructor("return globalThis")()',
  'the constructor of a tool promise':
    'tools.echo({}).constructor.constructor("return globalThis")()',
  'the constructor of a host error':
    'await tools.nope().catch((e) => e).constructor.constructor("return globalThis")()',
  'an async function constructor': 'await (async () => {}).constructor("return globalThis")()',
  'a generator constructor': '(function* () {}).constructor("return globalThis")().next().value',
  'indirect eval': '(0, eval)("globalThis")',
  'a timer with text':
    'await new Promise((r) => { globalThis.r = r; setTimeout("r(globalThis)", 1) })',
  'a stack overflow error of the engine':
    '(() => { try { (function f() { f() })() } catch (e) { return e.constructor.constructor("return globalThis")() } })()',
  'Error.prepareStackTrace':
    '(() => { let s; Error.prepareStackTrace = (_, c) => { s = c }; new Error().stack; return s?.[0]?.getThis?.() ?? globalThis })()',
  'a proxy that sees internal calls':
    'await new Promise((r) => { tools.echo(new Proxy({}, { get: (t, k, v) => { r(v); return undefined }, ownKeys: (t) => { r(t); return [] } })); setTimeout(() => r(globalThis), 50) })',
  'a dynamic import': '(await import("node:process")).default.mainModule',
}

/** The body of a program that reaches for the host and hands what it found to `action`. */
export function reachFor(reach: string, action: string): string {
  return `let g; try { g = ${reach} } catch (e) { return "refused: " + e.name }
    try { ${action} } catch (e) { return "refused: " + e.name }`
}

/** Everything of a result that leaves the sandbox, as one text. */
export function everythingOf(result: SandboxResult): string {
  return JSON.stringify([result.ending, result.console])
}
