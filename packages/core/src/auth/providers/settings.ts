import { FocusError } from '../../errors.ts'
import { isLoopbackUrl } from '../../origin-policy.ts'

/** Words of our own routes below `/auth/`. */
const reserved = new Set(['accounts', 'jwks.json', 'logout', 'logout_all', 'me', 'refresh', 'sessions', 'token'])

/** Checks what every provider's settings have in common, when the provider is made. */
export function assertProviderSettings(settings: {
  readonly name: string
  readonly clientId: unknown
  readonly issuer?: string | undefined
  readonly redirectUri?: string | undefined
}): void {
  const { name, clientId, issuer, redirectUri } = settings
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name) || reserved.has(name)) {
    throw invalid(name, 'name', 'lower-case letters, digits and dashes, and no word of our own routes')
  }
  if (typeof clientId !== 'string' || clientId === '') throw invalid(name, 'clientId', 'the client ID of the provider')
  if (redirectUri !== undefined && /[?#]/.test(redirectUri)) {
    throw invalid(name, 'redirectUri', 'an address without query and fragment')
  }
  for (const [option, url] of Object.entries({ issuer, redirectUri })) {
    if (url === undefined) continue
    const secure = URL.canParse(url) && (url.startsWith('https://') || isLoopbackUrl(url))
    if (!secure) throw invalid(name, option, 'an https address, or http on this machine')
  }
}

function invalid(name: string, option: string, form: string): FocusError {
  return new FocusError('invalid_option', `Provider ${name}: ${option} must be ${form}.`, {
    hint: `Correct ${option} and start again.`,
  })
}
