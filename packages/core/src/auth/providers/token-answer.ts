import { decodeJwt } from 'jose'
import { FocusError } from '../../common/errors.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Reduces a token response (RFC 6749 §5.1) to the members that a sign-in uses. The others may have any form. Returns an
 * unsuccessful response unchanged.
 *
 * @param idToken whether the response must hold an ID token with registered claims of the right types
 * @throws FocusError `provider_error`
 */
export async function usedTokenAnswer(
  response: Response,
  provider: string,
  { idToken }: { readonly idToken: boolean },
): Promise<Response> {
  if (response.status !== 200) return response
  const answer = parseObject(await response.text())
  if (answer === null) throw bad(provider, 'no JSON object')
  const { access_token: accessToken, token_type: type, id_token: token } = answer
  if (typeof accessToken !== 'string' || accessToken === '') throw bad(provider, 'no access_token')
  if (typeof type === 'string' && type !== '' && !/^bearer$/i.test(type))
    throw bad(provider, 'another token_type than bearer')
  if (!idToken) return answerOf({ access_token: accessToken, token_type: 'bearer' })
  if (typeof token !== 'string' || token === '') throw bad(provider, 'no id_token')
  const wrong = wrongClaim(token)
  if (wrong !== null) throw bad(provider, `an id_token with a wrong type of ${wrong}`)
  return answerOf({ access_token: accessToken, token_type: 'bearer', id_token: token })
}

const isText = (value: unknown) => typeof value === 'string'
const isNumber = (value: unknown) => typeof value === 'number'
/** Types of registered claims (OpenID Connect Core §2). */
const claimTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  iss: isText,
  sub: isText,
  aud: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  exp: isNumber,
  iat: isNumber,
  nbf: isNumber,
  auth_time: isNumber,
  nonce: isText,
  azp: isText,
}

/** Returns the first claim of a wrong type; null when all types are right. */
function wrongClaim(token: string): string | null {
  let claims: Json
  try {
    claims = decodeJwt(token)
  } catch {
    return 'its payload'
  }
  const wrong = Object.entries(claimTypes).find(([name, fits]) => claims[name] !== undefined && !fits(claims[name]))
  return wrong?.[0] ?? null
}

function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function answerOf(members: Json): Response {
  return Response.json(members)
}

function bad(provider: string, what: string): FocusError {
  return new FocusError('provider_error', `${provider} answered the code exchange with ${what}.`, {
    hint: 'Try again. If the error persists, the provider’s token endpoint does not follow RFC 6749 and OpenID Connect.',
  })
}
