import { LRUCache } from 'lru-cache'
import { mapInChunks } from '../../common/async/chunks.ts'
import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { type ErrorCode, FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { textBytes } from '../../common/text/text-bytes.ts'
import { shorten } from '../../common/text/shorten.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import { checkedUserKey } from '../user-keys.ts'

/** A user that notifications can be sent to. */
export interface Recipient {
  readonly userKey: UserKey
  readonly userId: UserId
  /** BCP 47 tag; null if unknown. */
  readonly locale: string | null
  /** Milliseconds since 1970; null if unknown. The user does not get earlier broadcasts. */
  readonly createdAt: number | null
}

/** Port: looks users up. A `UserDirectory` implements it. */
export interface RecipientDirectory {
  readonly parseId?: (key: UserKey) => UserId
  get(id: UserId): Promise<DirectoryUser | null>
  /** Returns the existing users among the given ids, their languages excepted. */
  getMany?(ids: readonly UserId[]): Promise<readonly Pick<DirectoryUser, 'id' | 'createdAt'>[]>
  findByUsername(username: string): Promise<DirectoryUser | null>
  findByEmail(email: string): Promise<DirectoryUser | null>
  /** Calls back when a user changed, whose cached entry is then dropped. */
  onChanged?(listener: (id: UserId) => void): void
}

export interface DirectoryUser {
  readonly id: UserId
  readonly locale: string | null
  /** Whether the e-mail address is verified; only then can it address the user. */
  readonly emailVerified?: boolean
  /** Milliseconds since 1970. */
  readonly createdAt?: number
}

export interface CreationTimes {
  readonly found: ReadonlyMap<UserKey, number | null>
  readonly failures: readonly unknown[]
}

/** How long a user is cached, in milliseconds: a change that no node announced is noticed within it. */
const cacheMs = 5_000
/** Memory of the cached users. */
const maxBytes = 4_000_000
/** Objects of one user, without the texts. */
const entryBytes = 240

const awayCodes: ReadonlySet<ErrorCode> = new Set(['overloaded', 'storage_unavailable', 'closed'])

/** Looks up the users that notifications are for, and caches them for five seconds. */
export class Recipients {
  readonly #directory: RecipientDirectory
  readonly #unknownUsers: 'refuse' | 'accept'
  readonly #clock: Clock
  readonly #cached = new LRUCache<UserKey, { recipient: Recipient; until: number }>({
    max: 10_000,
    maxSize: maxBytes,
    sizeCalculation: ({ recipient: { userKey, userId, locale } }) => entryBytes + textBytes(userKey, userId, locale),
  })
  #changes = 0

  constructor(directory: RecipientDirectory, unknownUsers: 'refuse' | 'accept', clock: Clock) {
    this.#directory = directory
    this.#unknownUsers = unknownUsers
    this.#clock = clock
    directory.onChanged?.((id) => {
      this.#changes += 1
      this.#cached.delete(toUserKey(id))
    })
  }

  /** Returns a recipient that is cached; null when the directory must be asked. */
  known(id: UserId): Recipient | null {
    const cached = this.#cached.get(checkedUserKey(id))
    return cached && cached.until > this.#clock() ? cached.recipient : null
  }

  /** Returns null when the directory does not know the id and unknown users are refused. */
  async find(id: UserId): Promise<Recipient | null> {
    const known = this.known(id)
    if (known) return known
    const userKey = toUserKey(id)
    const changes = this.#changes
    const user = await this.#directory.get(this.#directory.parseId?.(userKey) ?? userKey)
    if (user) return this.#cache(recipientOf(user), changes)
    // Cached too: where another system issues the ids, every notification would look for an unknown user.
    return this.#unknownUsers === 'accept' ? this.#cache(unknownRecipient(userKey, id), changes) : null
  }

  /**
   * Returns when users were created, in milliseconds since 1970; null if unknown. Users whose lookup failed are missing, and
   * `failures` has the errors.
   */
  async creationTimes(userKeys: readonly UserKey[]): Promise<CreationTimes> {
    const found = new Map<UserKey, number | null>()
    const failures: unknown[] = []
    const directory = this.#directory
    if (userKeys.length > 1 && directory.getMany) {
      try {
        const users = await directory.getMany(userKeys.map((userKey) => directory.parseId?.(userKey) ?? userKey))
        for (const userKey of userKeys) found.set(userKey, null)
        for (const { id, createdAt } of users) {
          const userKey = toUserKey(id)
          if (found.has(userKey)) found.set(userKey, createdAt ?? null)
        }
        return { found, failures }
      } catch (error) {
        if (isAway(error)) return { found, failures: [error] }
        // One id that the directory refuses must not fail the others.
        found.clear()
      }
    }
    await mapInChunks(userKeys, async (userKey) => {
      try {
        found.set(userKey, (await this.find(userKey))?.createdAt ?? null)
      } catch (error) {
        failures.push(error)
      }
    })
    return { found, failures }
  }

  /** @throws FocusError `unknown_user` */
  async require(id: UserId): Promise<Recipient> {
    return (await this.find(id)) ?? refuse(String(id))
  }

  /**
   * Finds a user by the name that an operator gives: id, username or verified e-mail. An unverified address may belong to
   * another user than the account that claims it.
   *
   * @throws FocusError `unknown_user`
   */
  async search(name: string): Promise<Recipient> {
    const changes = this.#changes
    const user = (await this.#byId(name)) ?? (await this.#byName(name))
    if (user) return this.#cache(recipientOf(user), changes)
    if (this.#unknownUsers === 'accept') return this.require(name)
    return refuse(name)
  }

  async #byId(name: string): Promise<DirectoryUser | null> {
    const id = this.#directory.parseId?.(name) ?? name
    // A directory with numeric ids reads `alice` as NaN and `07` as the id of another user.
    return name !== '' && String(id) === name ? this.#directory.get(id) : null
  }

  async #byName(name: string): Promise<DirectoryUser | null> {
    const owner = name.includes('@') ? await this.#directory.findByEmail(asciiLowerCase(name)) : null
    if (owner?.emailVerified) return owner
    const user = await this.#directory.findByUsername(name)
    if (owner && !user) refuseUnverified(name)
    return user
  }

  /** @param changes number of changes before the lookup: the answer may lack one that came later, and is not cached then */
  #cache(recipient: Recipient, changes: number): Recipient {
    if (changes !== this.#changes) return recipient
    this.#cached.set(recipient.userKey, { recipient, until: this.#clock() + cacheMs })
    return recipient
  }
}

/** Whether a look-up failed because of the database, whichever users it was for: looking them up one by one would only add load. */
export function isAway(error: unknown): boolean {
  return error instanceof FocusError && awayCodes.has(error.code)
}

function recipientOf(user: DirectoryUser): Recipient {
  return { userKey: toUserKey(user.id), userId: user.id, locale: user.locale, createdAt: user.createdAt ?? null }
}

/** Returns the recipient for an id that the directory does not know. */
function unknownRecipient(userKey: UserKey, userId: UserId): Recipient {
  return { userKey, userId, locale: null, createdAt: null }
}

function refuse(name: string): never {
  throw new FocusError('unknown_user', `There is no user ${JSON.stringify(shorten(name, 100))}.`, {
    hint: 'Use the id, the username or the e-mail of a user who has signed in at least once.',
  })
}

function refuseUnverified(address: string): never {
  throw new FocusError('unknown_user', `The address ${JSON.stringify(shorten(address, 100))} is not verified.`, {
    hint: 'Use the id or the username of the user instead.',
  })
}
