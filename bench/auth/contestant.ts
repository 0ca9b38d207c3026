export interface Contestant {
  readonly name: string
  /** Runs one complete operation. */
  run(): Promise<void>
  close(): Promise<void>
}
