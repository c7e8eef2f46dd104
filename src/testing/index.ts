/**
 * For tests of apps: a scripted model, a clock that stands still, a ready-made app. Everything else in
 * such a test is the real thing.
 *
 * @module
 */
export { ScriptedModel } from '../../runtime/index.ts'
export { createTestApp, testUser } from './create-test-app.ts'
export type { FixedClock } from './fixed-clock.ts'
export { fixedClock } from './fixed-clock.ts'
