// Text for the type checker: the names that the sandbox adds to the language, and nothing of a browser
// or of Node. As wide as the sandbox is: a declaration that is too narrow would accuse right programs.

/** The libraries of TypeScript that describe the language as the sandbox's engine runs it. */
export const LANGUAGE_LIBRARIES: readonly string[] = [
  'es2025',
  'esnext.array',
  'esnext.collection',
  'esnext.disposable',
  'esnext.error',
  'esnext.typedarrays',
]

/** Ambient declarations of everything else that a program may name, but for `data` and `tools`. */
export const SANDBOX_GLOBALS: string = `
interface Console {
  assert(condition?: any, ...values: any[]): void
  clear(): void
  count(label?: string): void
  countReset(label?: string): void
  debug(...values: any[]): void
  dir(value?: any, options?: any): void
  dirxml(...values: any[]): void
  error(...values: any[]): void
  group(...values: any[]): void
  groupCollapsed(...values: any[]): void
  groupEnd(): void
  info(...values: any[]): void
  log(...values: any[]): void
  table(value?: any, columns?: any): void
  time(label?: string): void
  timeEnd(label?: string): void
  timeLog(label?: string, ...values: any[]): void
  trace(...values: any[]): void
  warn(...values: any[]): void
}
declare const console: Console

declare function setTimeout(callback: (...values: any[]) => any, delay?: number, ...values: any[]): any
declare function setInterval(callback: (...values: any[]) => any, delay?: number, ...values: any[]): any
declare function clearTimeout(timer?: any): void
declare function clearInterval(timer?: any): void
declare function queueMicrotask(callback: () => any): void
declare function structuredClone<T>(value: T, options?: any): T
declare function atob(text: any): string
declare function btoa(text: any): string

declare const crypto: {
  randomUUID(): string
  getRandomValues<T>(array: T): T
}
declare const performance: {
  now(): number
  readonly timeOrigin: number
}

interface URLSearchParams {
  readonly size: number
  append(name: string, value: any): void
  delete(name: string, value?: any): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string, value?: any): boolean
  set(name: string, value: any): void
  sort(): void
  toString(): string
  forEach(callback: (value: string, name: string, all: URLSearchParams) => any, self?: any): void
  entries(): IteratorObject<[string, string], any, any>
  keys(): IteratorObject<string, any, any>
  values(): IteratorObject<string, any, any>
  [Symbol.iterator](): IteratorObject<[string, string], any, any>
}
declare const URLSearchParams: {
  new (init?: any): URLSearchParams
  readonly prototype: URLSearchParams
}
interface URL {
  hash: string
  host: string
  hostname: string
  href: string
  readonly origin: string
  password: string
  pathname: string
  port: string
  protocol: string
  search: string
  readonly searchParams: URLSearchParams
  username: string
  toJSON(): string
  toString(): string
}
declare const URL: {
  new (url: any, base?: any): URL
  canParse(url: any, base?: any): boolean
  parse(url: any, base?: any): URL | null
  readonly prototype: URL
}

interface TextEncoder {
  readonly encoding: string
  encode(text?: string): Uint8Array
  encodeInto(text: string, target: Uint8Array): { read: number; written: number }
}
declare const TextEncoder: { new (): TextEncoder; readonly prototype: TextEncoder }
interface TextDecoder {
  readonly encoding: string
  readonly fatal: boolean
  readonly ignoreBOM: boolean
  decode(bytes?: any, options?: any): string
}
declare const TextDecoder: {
  new (label?: string, options?: any): TextDecoder
  readonly prototype: TextDecoder
}
interface DOMException extends Error {
  readonly code: number
}
declare const DOMException: {
  new (message?: string, name?: any): DOMException
  readonly prototype: DOMException
}
`
