import type { Api } from '../http.ts'
import type { AccessTokens } from './session.ts'

/**
 * `fetch` with the user's access token. After a 401 it renews the token and repeats the request once. Relative addresses
 * belong to the API's origin. Requests to other origins are sent without a token.
 */
export async function authorizedFetch(
  api: Api,
  tokens: AccessTokens,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const apiOrigin = new URL(api.base).origin
  const target = input instanceof Request ? input : new URL(input, apiOrigin)
  if (new URL(target instanceof Request ? target.url : target).origin !== apiOrigin) return api.send(target, init)
  const request = new Request(target, init)
  const token = request.headers.has('authorization') ? null : await tokens.get()
  if (token === null) return api.send(request)
  // The first try consumes a stream, and `clone` would keep all of it in memory.
  const canRepeat = !(init?.body instanceof ReadableStream)
  const first = await api.send(withToken(canRepeat ? request.clone() : request, token))
  if (first.status !== 401 || !canRepeat) return first
  // Any route of the application may answer 401: it does not mean that the session has ended.
  const fresh = await tokens.renew(token, false)
  if (fresh === null) return first
  await first.body?.cancel()
  return api.send(withToken(request, fresh))
}

function withToken(request: Request, token: string): Request {
  request.headers.set('authorization', `Bearer ${token}`)
  return request
}
