import type { AccessTokens } from './session.ts'

/** An access token, or a function that returns a valid one; null without a signed-in user. */
export type AccessTokenSource = string | (() => string | null | Promise<string | null>)

/** Returns tokens of another source, such as another sign-in library. */
export function externalTokens(source: AccessTokenSource): AccessTokens {
  const get = async () => (typeof source === 'string' ? source : source())
  return {
    get,
    async renew(rejected) {
      const token = await get()
      return token === rejected ? null : token
    },
  }
}
