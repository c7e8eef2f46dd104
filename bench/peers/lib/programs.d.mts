export const trivial: string
export const hold: string
export const kernel: Readonly<Record<string, string>>
export const toolBig: string
export function toolCalls(count: number): string
export const runaway: Readonly<Record<string, string>>
export const bombs: Readonly<Record<string, string>>
export function access(places: {
  readonly secretFile: string
  readonly writeFile: string
  readonly port: number
}): string
