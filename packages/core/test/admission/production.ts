import type { FocusOptions } from '@focus-api/core'
import { type TestUser, RunningFocus } from '../../../../test/realtime/running-focus.ts'
import { type LogLine, recordingLogger } from '@focus-api/core/testing'

/** A Focus as in production behind a reverse proxy on this machine, and clients of any address. */
export class Production {
  readonly app: RunningFocus
  readonly log: readonly LogLine[]

  private constructor(app: RunningFocus, log: Production['log']) {
    this.app = app
    this.log = log
  }

  static async start(options: FocusOptions = {}): Promise<Production> {
    const logger = recordingLogger()
    const { lines } = logger
    const app = await RunningFocus.start({
      publicUrl: 'https://app.example',
      secret: 'a secret of the tests that is long enough',
      trustedProxies: ['loopback'],
      logger,
      ...options,
    })
    return new Production(app, lines)
  }

  /** A request as the proxy passes it on. */
  from(address: string, path: string, init: RequestInit & { token?: string } = {}): Promise<Response> {
    const { token, ...rest } = init
    const headers = new Headers(rest.headers)
    headers.set('x-forwarded-for', address)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    if (rest.body !== undefined) headers.set('content-type', 'application/json')
    return fetch(`${this.app.url}${path}`, { ...rest, headers })
  }

  /** Statuses of so many requests, one after the other. */
  async statuses(count: number, request: (n: number) => Promise<Response>): Promise<number[]> {
    const statuses: number[] = []
    for (let n = 0; n < count; n += 1) {
      const response = await request(n)
      await response.arrayBuffer()
      statuses.push(response.status)
    }
    return statuses
  }

  person(username: string): Promise<TestUser> {
    return this.app.signIn(username)
  }

  stop(): Promise<void> {
    return this.app.stop()
  }
}

export function countOf(statuses: readonly number[], status: number): number {
  return statuses.filter((one) => one === status).length
}
