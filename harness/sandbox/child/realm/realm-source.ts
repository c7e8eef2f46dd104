import { blockCodeGeneration } from './code-generation.ts'
import { installConsole } from './console.ts'
import { createEntry } from './entry.ts'
import { createInspect } from './inspect.ts'
import { installIntl } from './intl.ts'
import { captureIntrinsics } from './intrinsics.ts'
import { createSerializer } from './output.ts'
import { installRandom } from './random.ts'
import { installStructuredClone } from './structured-clone.ts'
import { installTimers } from './timers.ts'
import { installTools } from './tools.ts'
import { installUrl } from './url.ts'

/**
 * The script that makes a realm out of a bare engine. Its completion value is a function that takes
 * the runner's call and returns the realm's entry. The parts are ordinary functions, checked like
 * the rest of the code, whose text is evaluated inside the engine; none refers to anything outside.
 */
export const REALM_SOURCE: string = `(function (host) {
'use strict';
const intrinsics = (${captureIntrinsics})();
const inspect = (${createInspect})(intrinsics);
const parts = {
  inspect,
  console: (${installConsole})(host, intrinsics, inspect),
  random: (${installRandom})(host, intrinsics),
  timers: (${installTimers})(intrinsics),
  tools: (${installTools})(host, intrinsics),
  serialize: (${createSerializer})(intrinsics),
};
(${installUrl})(host, intrinsics);
(${installIntl})(host, intrinsics);
(${installStructuredClone})(intrinsics);
(${blockCodeGeneration})(intrinsics);
return (${createEntry})(host, intrinsics, parts);
})`
