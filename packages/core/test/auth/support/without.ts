import type { UserDirectory } from '../../../src/auth/accounts/user-directory-port.ts'

/** A directory as one written before a method was asked for. */
export function without(users: UserDirectory, method: 'releaseEmail' | 'getMany'): UserDirectory {
  return new Proxy(users, {
    get(target, name) {
      const value: unknown = name === method ? undefined : Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
