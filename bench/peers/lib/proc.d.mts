export interface TreeProcess {
  readonly pid: number
  readonly ppid: number
  readonly state: string
  readonly ticks: number
  readonly rss: number
}
export function tree(root: number): TreeProcess[]
export function rssOf(root: number): number
export function ticksOf(root: number): number
export function pssOf(root: number): number
export function killTree(root: number): void
