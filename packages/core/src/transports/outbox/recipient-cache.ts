import { LRUCache } from 'lru-cache'
import { textBytes } from '../../common/text/text-bytes.ts'
import type { Clock } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { DeliveryRecipient } from '../transport.ts'

/** A change that no node announced is noticed within it. */
const cacheMs = 5_000
/** Memory of the users: the directory decides how long their names are. */
const maxBytes = 8_000_000
/** Objects of one user, without the texts. */
const entryBytes = 300

/** Reads users from the directory and keeps them for 5 seconds, so that a burst of deliveries to one user costs one read. */
export class RecipientCache {
  readonly #find: (userKey: UserKey) => Promise<DeliveryRecipient>
  readonly #clock: Clock
  readonly #entries = new LRUCache<UserKey, { readonly recipient: DeliveryRecipient; readonly until: number }>({
    max: 10_000,
    maxSize: maxBytes,
    sizeCalculation: ({ recipient: { user } }) =>
      entryBytes + textBytes(user.key, user.id, user.email, user.fullName, user.locale),
  })
  #changes = 0

  constructor(find: (userKey: UserKey) => Promise<DeliveryRecipient>, clock: Clock) {
    this.#find = find
    this.#clock = clock
  }

  async get(userKey: UserKey): Promise<DeliveryRecipient> {
    const cached = this.#entries.get(userKey)
    if (cached && cached.until > this.#clock()) return cached.recipient
    const changes = this.#changes
    const recipient = await this.#find(userKey)
    // The user may have changed after the read.
    if (changes === this.#changes) this.#entries.set(userKey, { recipient, until: this.#clock() + cacheMs })
    return recipient
  }

  /** Drops a user that changed. */
  forget(userKey: UserKey): void {
    this.#changes += 1
    this.#entries.delete(userKey)
  }
}
