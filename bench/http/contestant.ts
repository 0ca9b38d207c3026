import type { Server } from 'node:http'

/** One server that answers `GET /protected` with `{"id":…}`, and what its clients have to send. */
export interface Contestant {
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
  /** Path to ask for; `/protected` when absent. */
  readonly path?: string
}

export type StartContestant = () => Promise<Contestant>
