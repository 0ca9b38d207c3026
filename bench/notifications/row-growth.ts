/** Cost of one kind of call in tables of several sizes. */
export interface RowGrowth {
  readonly work: string
  readonly sizes: readonly {
    readonly rows: number
    /** CPU time of a call, by round. */
    readonly microseconds: readonly number[]
  }[]
}
