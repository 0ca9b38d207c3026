import { z } from 'zod'
import type { JsonObject } from '../../common/json.ts'

/** The facts of a sign-in between its start and its callback, which travel sealed in `state` (S01). */
export const flowSchema = z.object({
  /** Callbacks on another provider's path are refused (S08). */
  provider: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
  redirectUri: z.string(),
  /** S256 of the cookie's value; null for a flow that is not bound to a browser (S03). */
  bindingHash: z.string().nullable().default(null),
  /** The allow-listed page of another origin whose `fetch` started the flow. */
  origin: z.string().nullable().default(null),
  returnTo: z.string().nullable().default(null),
  /** S256 challenge that the redeemer of the single-use code must answer (S34). */
  codeChallenge: z.string().nullable().default(null),
  /** The signed-in user who links the account, and the session that asked for it; null for a sign-in (S37). */
  link: z.object({ userKey: z.string(), sessionId: z.string() }).nullable().default(null),
})

export type Flow = Readonly<z.output<typeof flowSchema>>

/** Omits null members, because every character makes `state` longer. */
export function flowToJson(flow: Flow): JsonObject {
  return Object.fromEntries(Object.entries(flow).filter(([, value]) => value !== null))
}
