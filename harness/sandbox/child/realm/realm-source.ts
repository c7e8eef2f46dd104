import { blockCodeGeneration } from './code-generation.ts'
import { installConsole } from './console.ts'
import { createTable } from './console-table.ts'
import { installEncoding } from './encoding.ts'
import { createEnding } from './ending.ts'
import { createEntry } from './entry.ts'
import { createInspect } from './inspect.ts'
import { installIntl } from './intl.ts'
import { captureIntrinsics } from './intrinsics.ts'
import { guardFinalizers, installMicrotasks } from './jobs.ts'
import { createLocaleAccess } from './locale-access.ts'
import { installLocaleMethods } from './locale-methods.ts'
import { installNativeText } from './native-text.ts'
import { createSerializer } from './output.ts'
import { installPerformance } from './performance.ts'
import { installProgress } from './progress.ts'
import { installRandom } from './random.ts'
import { installStructuredClone } from './structured-clone.ts'
import { installTimers } from './timers.ts'
import { installTools } from './tools.ts'
import { installUrl } from './url.ts'

// V8 has ICU of its own and keeps its `Intl`.
const LOCALE_PARTS = `
const access = (${createLocaleAccess})(host, intrinsics);
(${installIntl})(intrinsics, access);
(${installLocaleMethods})(intrinsics, access);`

/**
 * The script that makes a realm out of a bare engine. Its completion value is a function that takes
 * the runner's call and returns the realm's entry. The parts are ordinary functions, checked like
 * the rest of the code, whose text is evaluated inside the engine; none refers to anything outside.
 *
 * @param engine - Decides what is left as the engine has it.
 * @param preludes - Functions that run before anything is captured, each called with the runner's
 * call: what an engine lacks and the realm builds upon, such as a clock or a text decoder.
 */
export function realmSource(
  engine: 'quickjs' | 'v8',
  preludes: readonly ((host: never) => void)[] = [],
): string {
  return `(function (host) {
'use strict';
${preludes.map((prelude) => `(${prelude})(host);`).join('\n')}
// Where the engine was told to forget the source of these functions, there is none to hide.
const functions = /native code/.test(String(() => undefined)) ? null : new WeakSet();
const intrinsics = (${captureIntrinsics})(functions);
const describe = (${installUrl})(host, intrinsics);
const inspect = (${createInspect})(intrinsics, describe);
const tools = (${installTools})(host, intrinsics);
const serialize = (${createSerializer})(intrinsics);
const ending = (${createEnding})(host, intrinsics, { serialize, inspect, tools });
const parts = {
  ending,
  tools,
  console: (${installConsole})(host, intrinsics, inspect, (${createTable})(intrinsics, inspect)),
  random: (${installRandom})(host, intrinsics),
  performance: (${installPerformance})(intrinsics),
  timers: (${installTimers})(intrinsics),
};
(${installMicrotasks})(intrinsics, ending);
(${installEncoding})(intrinsics);
(${installProgress})(host, intrinsics);
(${installStructuredClone})(intrinsics);
${engine === 'v8' ? `(${guardFinalizers})(intrinsics, ending);` : LOCALE_PARTS}
(${blockCodeGeneration})(intrinsics);
const entry = (${createEntry})(intrinsics, parts);
if (functions !== null) (${installNativeText})(intrinsics, functions);
return entry;
})`
}

/** The realm for QuickJS. */
export const REALM_SOURCE: string = realmSource('quickjs')
