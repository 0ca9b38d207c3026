import { GatheredReads } from '../common/async/gathered-reads.ts'
import { withTimeout } from '../common/async/with-timeout.ts'
import { FocusError } from '../common/errors.ts'
import { canonicalLocale } from '../common/text/locale.ts'
import type { User, UserDirectory } from '../auth/accounts/user-directory-port.ts'
import { toUserKey, type UserId, type UserKey } from '../common/user-id.ts'
import { type DirectoryUser, isAway, type RecipientDirectory } from '../notifications/sending/recipients.ts'
import type { DeliveryRecipient } from '../transports/transport.ts'
import type { UserSource } from './foundation.ts'

/** Reads the language that a user chose in the preferences; null if they chose none. */
export type ChosenLocale = (userKey: UserKey) => Promise<string | null>

/** Ids in one query; callers that wait for others wait one turn of the event loop. */
const gathering = { max: 500, patienceTurns: 1 }
/** How long a query for several users may take: further look-ups wait for it. */
const usersLimitMs = 10_000

/** Returns a reader of languages that answers concurrent calls with one query. */
export function gatheredLocales(
  readMany: (userKeys: readonly UserKey[]) => Promise<ReadonlyMap<UserKey, string>>,
): ChosenLocale {
  const reads = new GatheredReads<UserKey, string | null>(async (userKeys) => {
    const found = await readMany([...new Set(userKeys)])
    return userKeys.map((userKey) => found.get(userKey) ?? null)
  }, gathering)
  return (userKey) => reads.read(userKey)
}

/** Returns a reader of users that answers concurrent calls with one query, where the directory can read many. */
function gatheredUsers(directory: UserDirectory, limitMs: number): (id: UserId) => Promise<User | null> {
  const getMany = directory.getMany?.bind(directory)
  if (!getMany) return (id) => directory.get(id)
  const reads = new GatheredReads<UserId, User | null>(async (ids) => {
    const users = await withTimeout(getMany([...new Set(ids)]), limitMs, tooSlow)
    const found = new Map(users.map((user) => [toUserKey(user.id), user]))
    return ids.map((id) => found.get(toUserKey(id)) ?? null)
  }, gathering)
  // An id that the directory refuses must fail its own call only.
  const alone = (id: UserId, error: unknown) => (isAway(error) ? Promise.reject(error) : directory.get(id))
  return (id) => reads.read(id).catch((error: unknown) => alone(id, error))
}

function tooSlow(): FocusError {
  return new FocusError('storage_unavailable', 'The user directory did not return the recipients in time.', {
    hint: 'Check the database or service behind `getMany` of the user directory.',
    retryAfterSeconds: 5,
  })
}

/**
 * Returns the user directory with the chosen languages, as the notifications read it. Concurrent look-ups share a query, and reject
 * with `storage_unavailable` when it takes longer than `limitMs` milliseconds.
 */
export function recipientDirectory(
  users: Pick<UserSource, 'directory' | 'changes' | 'unknown'>,
  chosenLocale: ChosenLocale,
  limitMs = usersLimitMs,
): RecipientDirectory {
  const { directory } = users
  const get = gatheredUsers(directory, limitMs)
  const withLocale = async (user: DirectoryUser | null) =>
    user && { ...user, locale: (await chosenLocale(toUserKey(user.id))) ?? canonicalLocale(user.locale) }
  const unknown = (id: UserId) => (users.unknown === 'accept' ? { id, locale: null } : null)
  return {
    ...(directory.parseId && { parseId: directory.parseId }),
    ...(directory.getMany && { getMany: directory.getMany.bind(directory) }),
    get: async (id) => withLocale((await get(id)) ?? unknown(id)),
    findByUsername: async (name) => withLocale(await directory.findByUsername(name)),
    findByEmail: async (address) => withLocale(await directory.findByEmail(address)),
    onChanged: (listener) => users.changes.onChange(listener),
  }
}

/** Reads a user for a delivery: addresses, language, and whether the account may get any. */
export async function findRecipient(
  users: UserSource,
  chosenLocale: ChosenLocale,
  userKey: UserKey,
): Promise<DeliveryRecipient> {
  const id = users.ids.fromKey(userKey)
  const [user, chosen] = await Promise.all([users.directory.get(id), chosenLocale(userKey)])
  return {
    user: {
      key: userKey,
      id,
      email: user?.email ?? null,
      emailVerified: user?.emailVerified ?? false,
      fullName: user?.fullName ?? null,
      locale: chosen ?? canonicalLocale(user?.locale),
    },
    reachable: user === null ? users.unknown === 'accept' : !user.disabled,
  }
}
