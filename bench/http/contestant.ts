import type { Server } from 'node:http'

/** A server that answers `GET /protected` with `{"id":…}`, and the headers of its clients. */
export interface Contestant {
  readonly server: Server
  readonly headers: Readonly<Record<string, string>>
  /** Path of the requests. Default: `/protected`. */
  readonly path?: string
}

export type StartContestant = () => Promise<Contestant>
