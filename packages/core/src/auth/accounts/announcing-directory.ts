import type { UserId } from '../../common/user-id.ts'
import type { User, UserDirectory } from './user-directory-port.ts'

/**
 * Returns the same directory, which calls `changed` after each change that Focus makes and that others may remember: a new user,
 * the e-mail address, the language, disabled or enabled.
 */
export function announcingDirectory(directory: UserDirectory, changed: (id: UserId) => void): UserDirectory {
  // oxlint-disable-next-line typescript/unbound-method -- called on the directory below
  const { parseId, getMany, hadIssuer, releaseEmail } = directory
  const after = async <T>(work: Promise<T>, id: UserId): Promise<T> => {
    const result = await work
    changed(id)
    return result
  }
  return {
    ...(parseId && { parseId: parseId.bind(directory) }),
    ...(getMany && { getMany: getMany.bind(directory) }),
    ...(hadIssuer && { hadIssuer: hadIssuer.bind(directory) }),
    ...(releaseEmail && {
      releaseEmail: (id: UserId, email: string) => after(releaseEmail.call(directory, id, email), id),
    }),
    get: directory.get.bind(directory),
    findByAccount: directory.findByAccount.bind(directory),
    findByEmail: directory.findByEmail.bind(directory),
    findByUsername: directory.findByUsername.bind(directory),
    linkAccount: directory.linkAccount.bind(directory),
    unlinkAccount: directory.unlinkAccount.bind(directory),
    accounts: directory.accounts.bind(directory),
    list: directory.list.bind(directory),
    setDisabled: (id, disabled) => after(directory.setDisabled(id, disabled), id),
    async create(profile) {
      const user = await directory.create(profile)
      changed(user.id)
      return user
    },
    async update(id, profile, seen) {
      const user = await directory.update(id, profile, seen)
      if (differs(user, seen)) changed(id)
      return user
    },
  }
}

function differs(user: User, seen: User): boolean {
  return user.email !== seen.email || user.emailVerified !== seen.emailVerified || user.locale !== seen.locale
}
