import uPlot from 'uplot'

const MAX_POINTS = 900
const HEIGHT = 160

/** A plot over time that grows to the right, and drops values older than half an hour. */
export class TimePlot {
  readonly #plot: uPlot
  readonly #holder: HTMLElement
  readonly #data: (number | null)[][]

  constructor(
    holder: HTMLElement,
    timeLabel: string,
    series: readonly { readonly label: string; readonly colour: string }[],
  ) {
    this.#holder = holder
    this.#data = [[], ...series.map(() => [])]
    const ink = getComputedStyle(holder).getPropertyValue('--muted')
    const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'medium' })
    const atTime = (seconds: number) => time.format(new Date(seconds * 1000))
    const grid = { stroke: getComputedStyle(holder).getPropertyValue('--line'), width: 1 }
    this.#plot = new uPlot(
      {
        width: holder.clientWidth,
        height: HEIGHT,
        scales: { y: { range: (_, __, highest) => [0, Math.max(1, (highest ?? 0) * 1.1)] } },
        axes: [
          { stroke: ink, grid, space: 90, values: (_, times) => times.map(atTime) },
          { stroke: ink, grid, size: 46 },
        ],
        series: [
          { label: timeLabel, value: (_, seconds) => (seconds === null ? '' : atTime(seconds)) },
          ...series.map(({ label, colour }) => ({ label, stroke: colour, width: 2, points: { show: false } })),
        ],
      },
      this.#aligned(),
      holder,
    )
    new ResizeObserver(() => this.#plot.setSize({ width: this.#holder.clientWidth, height: HEIGHT })).observe(holder)
  }

  add(timeMs: number, values: readonly (number | null)[]): void {
    for (const [index, value] of [timeMs / 1000, ...values].entries()) {
      const column = this.#data[index]
      column?.push(value)
      if (column !== undefined && column.length > MAX_POINTS) column.shift()
    }
    this.#plot.setData(this.#aligned())
  }

  #aligned(): uPlot.AlignedData {
    const [times = [], ...values] = this.#data
    return [times.map((time) => time ?? 0), ...values]
  }
}
