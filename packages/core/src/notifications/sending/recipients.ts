import { LRUCache } from 'lru-cache'
import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import { checkedUserKey } from '../user-keys.ts'

/** A person that notifications can be sent to. */
export interface Recipient {
  readonly userKey: UserKey
  readonly userId: UserId
  /** BCP 47 tag; null where unknown. */
  readonly locale: string | null
  /** Milliseconds since 1970: broadcasts from before are not theirs. Null where unknown. */
  readonly createdAt: number | null
}

/** Port: what the service needs of a user directory. A `UserDirectory` fits. */
export interface RecipientDirectory {
  readonly parseId?: (key: UserKey) => UserId
  get(id: UserId): Promise<DirectoryUser | null>
  findByUsername(username: string): Promise<DirectoryUser | null>
  findByEmail(email: string): Promise<DirectoryUser | null>
  /** Tells of people who are not as they were found: theirs is looked up anew. */
  onChanged?(listener: (id: UserId) => void): void
}

export interface DirectoryUser {
  readonly id: UserId
  readonly locale: string | null
  /** Whether the e-mail address is known to be theirs; only then do they answer to it. */
  readonly emailVerified?: boolean
  /** Milliseconds since 1970. */
  readonly createdAt?: number
}

/** Finds the people that notifications are for, and remembers them for a short while. */
export class Recipients {
  readonly #directory: RecipientDirectory
  readonly #unknownUsers: 'refuse' | 'accept'
  readonly #clock: Clock
  readonly #known = new LRUCache<UserKey, { recipient: Recipient; until: number }>({ max: 10_000 })
  #changes = 0

  constructor(directory: RecipientDirectory, unknownUsers: 'refuse' | 'accept', clock: Clock) {
    this.#directory = directory
    this.#unknownUsers = unknownUsers
    this.#clock = clock
    directory.onChanged?.((id) => {
      this.#changes += 1
      this.#known.delete(toUserKey(id))
    })
  }

  /** Null when the directory does not know the id and unknown users are refused. */
  async find(id: UserId): Promise<Recipient | null> {
    const userKey = checkedUserKey(id)
    const cached = this.#known.get(userKey)
    if (cached && cached.until > this.#clock()) return cached.recipient
    const changes = this.#changes
    const user = await this.#directory.get(this.#directory.parseId?.(userKey) ?? userKey)
    if (user) return this.#remember(recipientOf(user), changes)
    // Remembered too: where ids are another system's, each of them would be looked for with every notification.
    return this.#unknownUsers === 'accept' ? this.#remember(strangerOf(userKey, id), changes) : null
  }

  /** @throws FocusError `unknown_user` */
  async require(id: UserId): Promise<Recipient> {
    return (await this.find(id)) ?? refuse(String(id))
  }

  /**
   * Finds a person as an operator names them: by id, username or verified e-mail. Anybody may write another's address into
   * an account; what is sent to the address must not reach them.
   *
   * @throws FocusError `unknown_user`
   */
  async search(name: string): Promise<Recipient> {
    const changes = this.#changes
    const user = (await this.#byId(name)) ?? (await this.#byName(name))
    if (user) return this.#remember(recipientOf(user), changes)
    if (this.#unknownUsers === 'accept') return this.require(name)
    return refuse(name)
  }

  async #byId(name: string): Promise<DirectoryUser | null> {
    const id = this.#directory.parseId?.(name) ?? name
    // A directory with numeric ids reads `alice` as NaN and `07` as another person's id.
    return name !== '' && String(id) === name ? this.#directory.get(id) : null
  }

  async #byName(name: string): Promise<DirectoryUser | null> {
    const owner = name.includes('@') ? await this.#directory.findByEmail(asciiLowerCase(name)) : null
    if (owner?.emailVerified) return owner
    const user = await this.#directory.findByUsername(name)
    if (owner && !user) refuseUnverified(name)
    return user
  }

  /** @param changes how many there were when the look-up began: what changed meanwhile may be missing from its answer */
  #remember(recipient: Recipient, changes: number): Recipient {
    if (changes !== this.#changes) return recipient
    this.#known.set(recipient.userKey, { recipient, until: this.#clock() + 10_000 })
    return recipient
  }
}

function recipientOf(user: DirectoryUser): Recipient {
  return { userKey: toUserKey(user.id), userId: user.id, locale: user.locale, createdAt: user.createdAt ?? null }
}

/** Somebody whom the directory does not know. */
function strangerOf(userKey: UserKey, userId: UserId): Recipient {
  return { userKey, userId, locale: null, createdAt: null }
}

function refuse(name: string): never {
  throw new FocusError('unknown_user', `There is no user ${JSON.stringify(shorten(name, 100))}.`, {
    hint: 'Use the id, the username or the e-mail of a user who has signed in at least once.',
  })
}

function refuseUnverified(address: string): never {
  throw new FocusError('unknown_user', `The address ${JSON.stringify(shorten(address, 100))} is not verified.`, {
    hint: 'Nobody has shown that it is theirs: use the id or the username of the user instead.',
  })
}
