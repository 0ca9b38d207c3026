/** The figures of one contestant in one measurement. */
export interface Row {
  readonly contestant: string
  /** Median over the slices, in the unit of the measurement. */
  readonly value: number
  readonly lowest: number
  readonly highest: number
  /** Processor time of the server for each operation, in microseconds, of all its threads; null where it is not measured. */
  readonly cpuMicroseconds: number | null
  /** Further figures by name, such as the bytes of a notification. */
  readonly details: Readonly<Record<string, number | string>>
}

/** A ratio of the design that a measurement checks. */
export interface Target {
  /** The row that is compared, and the row that it is compared with; null for an absolute value. */
  readonly of: string
  readonly to: string | null
  readonly kind: 'at least' | 'at most'
  readonly bound: number
}

export interface CheckedTarget extends Target {
  readonly measured: number
  readonly isMet: boolean
}

/** One table of the page. */
export interface Measurement {
  /** The name that `npm run bench --` accepts. */
  readonly name: string
  /** Distinguishes the measurements of one name, such as `SQLite, 256 callers`; empty for a single one. */
  readonly variant: string
  readonly title: string
  /** Unit of the values, such as `deliveries/s`. */
  readonly unit: string
  readonly isBetter: 'higher' | 'lower'
  readonly slices: number
  readonly rows: readonly Row[]
  readonly targets: readonly CheckedTarget[]
  /** ISO date of the run. */
  readonly date: string
  readonly machine: Machine
  /** Whether the run was short, so that its figures only show that it works. */
  readonly isQuick: boolean
}

export interface Machine {
  readonly cores: number
  readonly node: string
  readonly system: string
}
