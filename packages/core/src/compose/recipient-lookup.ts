import { canonicalLocale } from '../common/text/locale.ts'
import { toUserKey, type UserId, type UserKey } from '../common/user-id.ts'
import type { DirectoryUser, RecipientDirectory } from '../notifications/sending/recipients.ts'
import type { DeliveryRecipient } from '../transports/transport.ts'
import type { UserSource } from './foundation.ts'

/** Reads the language that a user chose in the preferences; null if they chose none. */
export type ChosenLocale = (userKey: UserKey) => Promise<string | null>

/** Returns the user directory with the chosen languages, as the notifications read it. */
export function recipientDirectory(users: UserSource, chosenLocale: ChosenLocale): RecipientDirectory {
  const { directory } = users
  const withLocale = async (user: DirectoryUser | null) =>
    user && { ...user, locale: (await chosenLocale(toUserKey(user.id))) ?? canonicalLocale(user.locale) }
  const unknown = (id: UserId) => (users.unknown === 'accept' ? { id, locale: null } : null)
  return {
    ...(directory.parseId && { parseId: directory.parseId }),
    ...(directory.getMany && { getMany: directory.getMany.bind(directory) }),
    get: async (id) => withLocale((await directory.get(id)) ?? unknown(id)),
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
