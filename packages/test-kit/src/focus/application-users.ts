import type { ExternalAccount, ExternalProfile, User, UserDirectory, UserId } from '@focus-api/core'

/** The users table of an application, with ids that the application chose. */
export function applicationUsers(ids: readonly number[]): UserDirectory {
  const people = new Map<UserId, User>(ids.map((id) => [id, person(id)]))
  const accounts = new Map<string, UserId>()
  const find = (fits: (user: User) => boolean) => [...people.values()].find(fits) ?? null
  const existing = (id: UserId) => {
    const user = people.get(id)
    if (!user) throw new Error(`The application has no user ${id}.`)
    return user
  }
  return {
    parseId: Number,
    get: async (id) => people.get(id) ?? null,
    findByAccount: async (account) => people.get(accounts.get(keyOf(account)) ?? '') ?? null,
    findByEmail: async (email) => find((user) => user.email === email),
    findByUsername: async (username) => find((user) => user.username === username),
    async create(profile: ExternalProfile) {
      const user = person(Math.max(0, ...[...people.keys()].map(Number)) + 1)
      people.set(user.id, user)
      accounts.set(keyOf(profile), user.id)
      return user
    },
    async linkAccount(id, profile) {
      accounts.set(keyOf(profile), id)
    },
    async unlinkAccount(_id, account) {
      accounts.delete(keyOf(account))
    },
    accounts: async (): Promise<ExternalAccount[]> => [],
    update: async (id) => existing(id),
    async setDisabled(id, disabled) {
      people.set(id, { ...existing(id), disabled })
    },
    list: async ({ limit }) => [...people.values()].slice(0, limit),
  }
}

function keyOf({ issuer, subject }: Pick<ExternalAccount, 'issuer' | 'subject'>): string {
  return JSON.stringify([issuer, subject])
}

function person(id: number): User {
  return {
    id,
    username: `user${id}`,
    email: `user${id}@application.example`,
    emailVerified: true,
    fullName: `User ${id}`,
    avatarUrl: null,
    locale: null,
    disabled: false,
  }
}
