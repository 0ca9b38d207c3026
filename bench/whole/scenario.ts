import type { Measurement } from '../report/figures.ts'

/** Options of a run. */
export interface RunOptions {
  /** Interleaved slices of each contestant. */
  readonly slices: number
  /** Length of a slice. */
  readonly seconds: number
  /** Divides the numbers of users and connections, for a test that only shows that everything works. */
  readonly scale: number
  readonly isQuick: boolean
  /** Databases of scenarios that run on several. */
  readonly databases: readonly string[]
  /** Cores of the server, of scenarios that run on one and on two. */
  readonly cores: readonly (1 | 2)[]
}

/** A benchmark of the whole product. */
export interface Scenario {
  readonly about: string
  run(options: RunOptions): Promise<Measurement[]>
}
