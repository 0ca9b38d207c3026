import { startDevIssuer } from '@focus-api/cli'
import type { FocusOptions } from '@focus-api/core'

/** Google by its credentials in the environment; without any, a provider on this machine that asks for a name only. */
export async function googleOrStandIn(
  redirectUri: string,
): Promise<{ readonly options: Pick<FocusOptions, 'google'>; close(): Promise<void> }> {
  if (process.env.GOOGLE_CLIENT_ID) return { options: {}, close: async () => undefined }
  const standIn = await startDevIssuer({ redirectUris: [redirectUri] })
  const { issuer, clientId, clientSecret } = standIn
  return { options: { google: { issuer, clientId, clientSecret, redirectUri } }, close: () => standIn.close() }
}
