import { checkedOptions } from '../../schema/option-checks.ts'
import { type IdClaims, OpenIdClient } from './openid.ts'
import type { Provider } from './provider.ts'
import { providerForms as forms, providerOptions } from './provider-settings.ts'

const googleIssuer = 'https://accounts.google.com'

/** Settings of `google()`. */
export interface GoogleOptions {
  /** `GOOGLE_CLIENT_ID` */
  readonly clientId: string
  /** `GOOGLE_CLIENT_SECRET` */
  readonly clientSecret: string
  /** `GOOGLE_REDIRECT_URI`, exactly as registered in the Google Cloud Console. */
  readonly redirectUri?: string | undefined
  /** `https://accounts.google.com` when absent; tests and development use another one. */
  readonly issuer?: string | undefined
  /** Further client IDs whose ID tokens are accepted (S35), such as those of your mobile apps. */
  readonly idTokenAudiences?: readonly string[]
  /** Time limit of one call to Google, in milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number
}

const googleOptions = providerOptions<GoogleOptions>(
  {
    clientId: forms.clientId,
    clientSecret: forms.clientSecret,
    redirectUri: forms.redirectUri,
    issuer: forms.issuer,
    idTokenAudiences: forms.texts,
    timeoutMs: forms.timeoutMs,
  },
  ['clientId', 'clientSecret'],
)

/**
 * Sign-in with Google, at `/auth/google`.
 *
 * @example
 * ```ts
 * createFocus({ providers: [google({ clientId, clientSecret, redirectUri })] })
 * ```
 * @throws FocusError `invalid_option`
 */
export function google(given: GoogleOptions): Provider {
  const options = checkedOptions(given, googleOptions, 'google')
  const { issuer = googleIssuer, clientId, clientSecret, redirectUri } = options
  return {
    name: 'google',
    redirectUri,
    connect: (runtime) =>
      new OpenIdClient(
        {
          name: 'google',
          issuer,
          issuerAliases: issuer === googleIssuer ? ['accounts.google.com'] : [],
          clientId,
          clientSecret,
          redirectUri,
          scopes: ['openid', 'email', 'profile'],
          trustsEmail: isGooglesOwn,
          idTokenAudiences: options.idTokenAudiences ?? [],
          timeoutMs: options.timeoutMs,
        },
        runtime,
      ),
  }
}

/** Google is the authority for gmail.com and for Workspace domains (`hd`); other addresses it has verified only once. */
function isGooglesOwn({ email, hd }: IdClaims): boolean {
  return (typeof email === 'string' && /@gmail\.com$/i.test(email)) || (typeof hd === 'string' && hd !== '')
}
