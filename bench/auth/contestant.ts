export interface Contestant {
  readonly name: string
  /** One operation, from its beginning to its end. */
  run(): Promise<void>
  close(): Promise<void>
}
