/** One node of a contestant. */
export interface ClusterContestant {
  /** Listens on a free port of this machine and returns it. */
  listen(): Promise<number>
  /** Sends one notification of about 250 bytes that carries `sentMs`. Resolves when it is stored; undefined where nothing is stored. */
  notify(user: number, sentMs: number): Promise<unknown> | undefined
  /** Returns the token of each user, numbered from 0. */
  tokens(count: number): Promise<string[]>
  /** Messages of other nodes that this node has received; 0 where this is not counted. */
  received(): Promise<number>
}
