import { startDevIssuer } from './issuer.ts'

/** Options for `createFocus`, and a function that releases the provider. */
export interface GoogleOrStandIn {
  readonly options: {
    readonly google?: {
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret: string
      readonly redirectUri: string
    }
  }
  close(): Promise<void>
}

/**
 * Uses Google when its credentials are in the environment; otherwise starts a provider on this machine that asks only
 * for a name. For examples and development, never for production.
 *
 * @example
 * ```ts
 * const google = await googleOrStandIn('http://localhost:8000/api/auth/google/callback')
 * const focus = await createFocus({ ...google.options })
 * ```
 */
export async function googleOrStandIn(redirectUri: string): Promise<GoogleOrStandIn> {
  if (process.env.GOOGLE_CLIENT_ID) return { options: {}, close: async () => undefined }
  const standIn = await startDevIssuer({ redirectUris: [redirectUri] })
  const { issuer, clientId, clientSecret } = standIn
  return { options: { google: { issuer, clientId, clientSecret, redirectUri } }, close: () => standIn.close() }
}
