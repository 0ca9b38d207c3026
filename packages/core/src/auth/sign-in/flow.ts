import { z } from 'zod'
import type { JsonObject } from '../../common/json.ts'

/** What has to be known of a sign-in between its start and its callback; it travels sealed in `state` (S01). */
export const flowSchema = z.object({
  /** A callback of another provider's path is refused (S08). */
  provider: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
  redirectUri: z.string(),
  /** S256 of the cookie's value, for flows that are bound to a browser (S03). */
  bindingHash: z.string().nullable().default(null),
  /** The allow-listed page of another origin whose `fetch` started the flow. */
  origin: z.string().nullable().default(null),
  returnTo: z.string().nullable().default(null),
  /** S256 challenge that the one-time code's taker must answer (S34). */
  codeChallenge: z.string().nullable().default(null),
  /** The signed-in user who adds this account, instead of a sign-in, and the session in which they asked for it (S37). */
  link: z.object({ userKey: z.string(), sessionId: z.string() }).nullable().default(null),
})

export type Flow = Readonly<z.output<typeof flowSchema>>

/** Without what is null: every character makes `state` longer. */
export function flowToJson(flow: Flow): JsonObject {
  return Object.fromEntries(Object.entries(flow).filter(([, value]) => value !== null))
}
