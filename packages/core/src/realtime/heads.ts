import type { StreamHead } from '../notifications/types.ts'
import type { UserKey } from '../user-id.ts'
import { whileGrowing } from '../while-growing.ts'
import type { NotificationFeed } from './types.ts'

/** The streams that a connection follows. */
export interface FollowedHeads {
  readonly own: StreamHead
  readonly all: StreamHead
}

interface Waiting {
  readonly userKey: UserKey
  readonly resolve: (heads: FollowedHeads) => void
  readonly reject: (error: unknown) => void
}

/** Users per read. */
export const headBatch = 500
/** How long a client may wait for others that connect at the same time. */
const gatherMs = 10

/** Reads heads for connections that open at the same time together, so that a storm of them costs few queries. */
export class Heads {
  readonly #feed: NotificationFeed
  #waiting: Waiting[] = []
  #reading = false

  constructor(feed: NotificationFeed) {
    this.#feed = feed
  }

  read(userKey: UserKey): Promise<FollowedHeads> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ userKey, resolve, reject })
      if (this.#reading) return
      this.#reading = true
      void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await whileGrowing(() => this.#waiting.length, { max: headBatch, maxMs: gatherMs })
      const batch = this.#waiting.splice(0, headBatch)
      try {
        const keys = batch.map(({ userKey }) => userKey)
        const [heads, all] = await Promise.all([this.#feed.heads(keys), this.#feed.allHead()])
        for (const [index, { resolve, reject }] of batch.entries()) {
          const own = heads[index]
          if (own) resolve({ own, all })
          else reject(new Error('The log answered with fewer heads than it was asked for'))
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#reading = false
  }
}
