import { readFileSync } from 'node:fs'
import { createContext, runInThisContext, Script } from 'node:vm'
import { QuickJS } from 'quickjs-wasi'

/** What a check gives as JSON text, or words for why it gave nothing. */
export type BareRun = (script: string) => Promise<string>

/** The one part of `WebAssembly` used here; the type library of Node does not describe it. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object }

const BINARY = new URL('../../../../node_modules/quickjs-wasi/', import.meta.url)

// Set by a script and read back, so that nothing but text comes out.
const START = `globalThis.outcome = 'pending'
program().then(
  (value) => { outcome = JSON.stringify(value) ?? 'undefined' },
  (error) => { outcome = 'threw ' + error?.name + ': ' + error?.message },
)`

/** Runs a check in QuickJS as its package gives it, with the extension that the realm builds upon. */
export function bareQuickJs(): BareRun {
  const engine = new WebAssembly.Module(readFileSync(new URL('quickjs.wasm', BINARY))) as never
  const encoding = readFileSync(new URL('extensions/encoding/encoding.so', BINARY))
  const extension = new WebAssembly.Module(encoding) as never
  return async (script) => {
    const vm = await QuickJS.create({
      wasm: engine,
      extensions: [{ name: 'encoding', wasm: extension }],
      timezoneOffset: 0,
    })
    try {
      vm.setProp(vm.global, 'program', vm.evalCode(script, 'program.js'))
      vm.evalCode(START)
      vm.executePendingJobs()
      return vm.evalCode('outcome').toString()
    } catch (error) {
      return `failed ${(error as Error).message}`
    } finally {
      vm.dispose()
    }
  }
}

/** Runs a check in a plain context of this process. */
export function bareV8(): BareRun {
  return async (script) => {
    const context = createContext({}, { microtaskMode: 'afterEvaluate' })
    try {
      context['program'] = new Script(script, { filename: 'program.js' }).runInContext(context)
      new Script(START).runInContext(context)
      return String(context['outcome'])
    } catch (error) {
      return `failed ${(error as Error).message}`
    }
  }
}

/** Runs a check in this very process, where everything of the web platform is Node's own. */
export async function inNode(script: string): Promise<string> {
  try {
    const program = runInThisContext(script, { filename: 'program.js' }) as () => Promise<unknown>
    return JSON.stringify(await program()) ?? 'undefined'
  } catch (error) {
    return `threw ${(error as Error).name}: ${(error as Error).message}`
  }
}
