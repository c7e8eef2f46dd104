import type { RealmEntry } from './entry.ts'
import { realmSource } from './realm-source.ts'
import { installClock } from './v8-clock.ts'
import { installBase64, installDomException } from './v8-dom-exception.ts'
import { installEncodings } from './v8-encoding.ts'
import { createFailures, type Failures } from './v8-failures.ts'
import { guardHost, removeGlobals } from './v8-guard.ts'
import { installStackText, type StackText } from './v8-stack.ts'

/** What the runner holds of a realm in V8. */
export interface V8Entry {
  readonly entry: RealmEntry
  readonly failures: Failures
  readonly stackText: StackText
}

/**
 * The script that makes a realm out of a bare V8 context: what the other engine brings along, then the
 * realm's own code, the same for both. Its completion value is a function that takes the runner's
 * functions and the name of the program's file, and returns a {@link V8Entry}.
 */
export const V8_REALM_SOURCE: string = `(function (call, wallClockMs, elapsedMs, programFile) {
'use strict';
const host = (${guardHost})(call, wallClockMs, elapsedMs);
(${installClock})(host);
(${installDomException})();
(${installBase64})();
(${installEncodings})();
const stackText = (${installStackText})(programFile);
const failures = (${createFailures})(programFile);
const entry = ${realmSource('v8')}(host.call);
(${removeGlobals})();
return { entry, failures, stackText };
})`
