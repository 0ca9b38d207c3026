import type { Api } from '../http.ts'
import type { AccessTokens } from './session.ts'

/**
 * `fetch` that carries the person's access token, and tries once more with a fresh one after a 401. Relative addresses are
 * of the API's origin. A token never goes to another origin: such requests travel as they are.
 */
export async function authorizedFetch(
  api: Api,
  tokens: AccessTokens,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const home = new URL(api.base).origin
  const target = input instanceof Request ? input : new URL(input, home)
  if (new URL(target instanceof Request ? target.url : target).origin !== home) return api.send(target, init)
  const request = new Request(target, init)
  const token = request.headers.has('authorization') ? null : await tokens.get()
  if (token === null) return api.send(request)
  // A body that is a stream is gone after the first try; `clone` would hold all of it in memory.
  const canRepeat = !(init?.body instanceof ReadableStream)
  const first = await api.send(withToken(canRepeat ? request.clone() : request, token))
  if (first.status !== 401 || !canRepeat) return first
  // Any handler of the host may have answered that: it says nothing about the session.
  const fresh = await tokens.renew(token, false)
  if (fresh === null) return first
  await first.body?.cancel()
  return api.send(withToken(request, fresh))
}

function withToken(request: Request, token: string): Request {
  request.headers.set('authorization', `Bearer ${token}`)
  return request
}
