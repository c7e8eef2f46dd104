/** One measured size. */
export interface GrowthPoint {
  readonly kib: number
  readonly parseMs: number
  readonly judgeMs: number
}

const WIDTH = 720
const HEIGHT = 360
const LEFT = 56
const BOTTOM = 44
const TOP = 24
const RIGHT = 24

/** The times over the sizes as a drawing, readable on light and dark pages. */
export function growthPlot(points: readonly GrowthPoint[]): string {
  const most = Math.max(...points.map(({ judgeMs }) => judgeMs)) * 1.1
  const largest = Math.max(...points.map(({ kib }) => kib))
  const x = (kib: number) => LEFT + (kib / largest) * (WIDTH - LEFT - RIGHT)
  const y = (ms: number) => HEIGHT - BOTTOM - (ms / most) * (HEIGHT - BOTTOM - TOP)
  const line = (color: string, value: (point: GrowthPoint) => number) => [
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points
      .map((point) => `${x(point.kib).toFixed(1)},${y(value(point)).toFixed(1)}`)
      .join(' ')}"/>`,
    ...points.map(
      (point) =>
        `<circle cx="${x(point.kib).toFixed(1)}" cy="${y(value(point)).toFixed(1)}" r="3" fill="${color}"/>`,
    ),
  ]
  const text = (at: { readonly x: number; readonly y: number }, words: string, anchor = 'middle') =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`
  const last = points.at(-1)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#808080">`,
    '<title>Milliseconds by size of the program</title>',
    ...ticks.flatMap((ms) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ms).toFixed(1)}" y2="${y(ms).toFixed(1)}" stroke="#80808040"/>`,
      text({ x: LEFT - 8, y: y(ms) + 4 }, ms.toFixed(0), 'end'),
    ]),
    ...points.map(({ kib }) => text({ x: x(kib), y: HEIGHT - BOTTOM + 18 }, String(kib))),
    text({ x: WIDTH / 2, y: HEIGHT - 8 }, 'KiB of source'),
    text({ x: LEFT, y: TOP - 8 }, 'ms', 'start'),
    ...line('#3b82f6', ({ judgeMs }) => judgeMs),
    ...line('#f59e0b', ({ parseMs }) => parseMs),
    ...(last === undefined
      ? []
      : [
          text({ x: x(last.kib), y: y(last.judgeMs) - 10 }, 'analysis and four policies', 'end'),
          text({ x: x(last.kib), y: y(last.parseMs) - 10 }, '@babel/parser alone', 'end'),
        ]),
    '</svg>',
    '',
  ].join('\n')
}
