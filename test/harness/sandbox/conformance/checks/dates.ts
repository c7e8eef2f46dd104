import type { Checks } from '../check.ts'

/** Dates. The zone is UTC. */
export const dates: Checks = {
  'parts and back': [
    'const d = new Date(2024, 1, 29, 12, 30, 45, 678); return [d.toISOString(), d.getDay(), d.getTimezoneOffset(), Date.UTC(2024, 0), new Date(2024, 0, 1).getTime()]',
    ['2024-02-29T12:30:45.678Z', 4, 0, 1704067200000, 1704067200000],
  ],
  'parsing of dates': [
    'return ["2024-01-01", "2024-01-01T00:00", "2024-01-01T00:00:00+02:00", "+002024-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "Jan 1, 2000", "nonsense"].map((s) => Date.parse(s) || String(Date.parse(s)))',
    [1704067200000, 1704067200000, 1704060000000, 1704067200000, '0', 946684800000, 'NaN'],
  ],
  'text forms': [
    'const d = new Date(0); return [d.toString().slice(0, 33), d.toDateString(), d.toTimeString().slice(0, 17), d.toUTCString(), JSON.stringify(d), String(new Date(NaN)), throws(() => new Date(NaN).toISOString()), JSON.stringify(new Date(NaN))]',
    [
      'Thu Jan 01 1970 00:00:00 GMT+0000',
      'Thu Jan 01 1970',
      '00:00:00 GMT+0000',
      'Thu, 01 Jan 1970 00:00:00 GMT',
      '"1970-01-01T00:00:00.000Z"',
      'Invalid Date',
      'RangeError',
      'null',
    ],
  ],
  'a date as text names its zone':
    'return new Date(0).toString() === "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"',
  'setters overflow into the next': [
    'const d = new Date(Date.UTC(2024, 0, 31)); d.setMonth(1); const a = d.toISOString(); d.setDate(0); d.setHours(25); return [a, d.toISOString(), d.setFullYear(2020), d.setMinutes(61)]',
    ['2024-03-02T00:00:00.000Z', '2024-03-01T01:00:00.000Z', 1583024400000, 1583028060000],
  ],
  'limits of time': [
    'return [new Date(8.64e15).getTime(), Number.isNaN(new Date(8.64e15 + 1).getTime()), new Date(-8.64e15).toISOString()]',
    [8640000000000000, true, '-271821-04-20T00:00:00.000Z'],
  ],
  'arithmetic and conversion': [
    'const a = new Date(1000), b = new Date(500); return [a - b, a > b, +a, typeof (a + b), a[Symbol.toPrimitive]("number"), typeof Date(), throws(() => a[Symbol.toPrimitive]("x"))]',
    [500, true, 1000, 'string', 1000, 'string', 'TypeError'],
  ],
  'the clock':
    'const n = Date.now(); return Number.isInteger(n) && n <= Date.now() && Math.abs(new Date().getTime() - n) < 1000 && typeof Date() === "string"',
  'years with two digits':
    'return new Date(99, 0).getFullYear() === 1999 && new Date(100, 0).getFullYear() === 100 && Date.UTC(0) === Date.UTC(1900, 0)',
  'toLocale of dates': [
    'const d = new Date(Date.UTC(2024, 4, 3, 15, 4, 5)); return [d.toLocaleDateString(), d.toLocaleTimeString(), d.toLocaleString(), d.toLocaleDateString("de-DE"), d.toLocaleTimeString("en-GB")].map((s) => s.replace(/\\s/g, " "))',
    ['5/3/2024', '3:04:05 PM', '5/3/2024, 3:04:05 PM', '3.5.2024', '15:04:05'],
  ],
  'toLocale of dates with options': [
    'const d = new Date(0); return [d.toLocaleDateString("en-US", { weekday: "long", year: "numeric", month: "long", day: "numeric" }), d.toLocaleString("en-US", { timeZone: "Asia/Tokyo", hour: "2-digit" }), d.toLocaleDateString("en-CA"), d.toLocaleTimeString("en-US", { timeStyle: "short" })].map((s) => s.replace(/\\s/g, " "))',
    ['Thursday, January 1, 1970', '09 AM', '1970-01-01', '12:00 AM'],
  ],
  'toLocale of no time': [
    'return [new Date(NaN).toLocaleString(), new Date(NaN).toLocaleDateString(), new Date(NaN).toLocaleTimeString()]',
    ['Invalid Date', 'Invalid Date', 'Invalid Date'],
  ],
  'toLocale of other receivers':
    'return throws(() => Date.prototype.toLocaleString.call({})) === "TypeError" && throws(() => Date.prototype.toLocaleDateString.call(0)) === "TypeError" && throws(() => Date.prototype.toLocaleTimeString.call(undefined)) === "TypeError"',
  'date methods are methods':
    'return all(method(Date.prototype, "toLocaleString", 0), method(Date.prototype, "toLocaleDateString", 0), method(Date.prototype, "toLocaleTimeString", 0), method(Date.prototype, "toJSON", 1), method(Date.prototype, "setHours", 4), method(Date, "UTC", 7), method(Date, "now", 0), method(Date, "parse", 1), method(Date.prototype, Symbol.toPrimitive, 1, "--c"))',
  'Date itself': [
    'return [Date.length, Date.name, flags(Date, "prototype"), flags(globalThis, "Date"), Object.getPrototypeOf(Date) === Function.prototype, Date.prototype.constructor === Date, Reflect.ownKeys(Date).map(String).sort()]',
    [7, 'Date', '---', 'w-c', true, true, ['UTC', 'length', 'name', 'now', 'parse', 'prototype']],
  ],
  'Date may be extended':
    'class D extends Date { days() { return this.getTime() / 864e5 } } const d = new D(864e5); return d.days() === 1 && d instanceof D && Object.prototype.toString.call(d) === "[object Date]"',
  'a date from a date keeps its milliseconds':
    'return new Date(new Date(123)).getTime() === 123 && new Date("5").getTime() !== 5',
  'getYear and setYear of old':
    'return new Date(0).getYear() === 70 && Date.prototype.toGMTString === Date.prototype.toUTCString',
}
