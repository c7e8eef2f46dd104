import type { Checks } from './check.ts'
import { arrays } from './checks/arrays.ts'
import { binary } from './checks/binary.ts'
import { classes } from './checks/classes.ts'
import { codeGeneration } from './checks/code-generation.ts'
import { collections } from './checks/collections.ts'
import { dates } from './checks/dates.ts'
import { destructuring } from './checks/destructuring.ts'
import { disposal } from './checks/disposal.ts'
import { generators } from './checks/generators.ts'
import { intl } from './checks/intl.ts'
import { json } from './checks/json.ts'
import { language } from './checks/language.ts'
import { localeArrays } from './checks/locale-arrays.ts'
import { numbers } from './checks/numbers.ts'
import { objects } from './checks/objects.ts'
import { promises } from './checks/promises.ts'
import { realm } from './checks/realm.ts'
import { regexp } from './checks/regexp.ts'
import { strings } from './checks/strings.ts'
import { urls } from './checks/urls.ts'
import { web } from './checks/web.ts'

/**
 * Every check, by the part of the language it belongs to. Which built-ins are looked at, and how
 * closely, follows tc39/test262 (functions that are no constructors, names, lengths, attributes,
 * receivers, order of reads); the checks are written for this suite.
 */
export const AREAS: Readonly<Record<string, Checks>> = {
  'Syntax and semantics': language,
  Destructuring: destructuring,
  Classes: classes,
  'Generators, async functions, iterators': generators,
  'Explicit resource management': disposal,
  'Objects, functions, symbols, Reflect, Proxy': objects,
  Arrays: arrays,
  'toLocaleString of arrays': localeArrays,
  Strings: strings,
  'Numbers, BigInt, Math': numbers,
  Dates: dates,
  JSON: json,
  'Regular expressions': regexp,
  'Maps, sets, weak references': collections,
  'Buffers and typed arrays': binary,
  'Promises and errors': promises,
  'URL and URLSearchParams': urls,
  'Encoding, cloning, timers, crypto, console': web,
  Intl: intl,
  'The realm': realm,
  'Code from text and the rest that is withheld': codeGeneration,
}
