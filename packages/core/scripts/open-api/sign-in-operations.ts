import { z } from 'zod'
import { fields, type Operation } from './operation.ts'

const { text } = fields
const redirect = { mediaType: 'text/html', description: 'The browser goes on to `Location`.' } as const

export const signInOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/auth/:provider',
    access: 'public',
    summary:
      'Begin a sign-in. A browser navigation, or `?redirect=1`, gets 302 to the provider and a cookie that binds the flow.',
    query: {
      redirect: z.literal('1').optional(),
      return_to: text
        .max(1_024)
        .describe('Allow-listed page where the sign-in ends with a one-time `focus_code`, or with `error`.')
        .optional(),
      code_challenge: text
        .describe(
          'S256 of a verifier that `POST /auth/token` will need; required for a `fetch` with `return_to`, whose answer sets the cookie that the callback needs.',
        )
        .optional(),
      login_hint: text.optional(),
      prompt: z.enum(['none', 'login', 'consent', 'select_account']).optional(),
    },
    answers: { 200: 'AuthorizationUrl', 302: redirect },
    problems: ['oauth_disabled', 'unknown_provider', 'return_to_not_allowed', 'rate_limited', 'provider_unreachable'],
  },
  {
    method: 'GET',
    path: '/auth/:provider/callback',
    access: 'public',
    summary:
      'Where the provider sends the browser. A flow with `return_to` ends there, also when it fails (`?error=…`), and when its callback comes again. A flow begun by `fetch` from an allow-listed other origin is sent on to that origin’s `/auth/{provider}/callback` with nothing consumed.',
    query: { code: text.optional(), state: text, iss: text.optional(), error: text.optional() },
    answers: { 200: 'Tokens', 302: redirect },
    problems: [
      'invalid_state',
      'flow_not_bound',
      'iss_missing',
      'iss_mismatch',
      'access_denied',
      'login_required',
      'consent_required',
      'interaction_required',
      'account_selection_required',
      'temporarily_unavailable',
      'prefetch_refused',
      'session_revoked',
      'invalid_grant',
      'id_token_invalid',
      'provider_error',
      'provider_unreachable',
      'account_exists',
      'user_disabled',
      'rate_limited',
    ],
  },
  {
    method: 'POST',
    path: '/auth/token',
    access: 'public',
    summary: 'Exchange the one-time `focus_code` of a sign-in with `return_to`, within 60 seconds.',
    body: z.object({ focus_code: text, code_verifier: text.optional() }),
    answers: { 200: 'Tokens' },
    problems: ['invalid_grant', 'origin_not_allowed', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/nonce',
    access: 'public',
    summary: 'A nonce for an ID token that an app will sign in with.',
    answers: { 200: 'Nonce' },
    problems: ['unknown_provider', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/id_token',
    access: 'public',
    summary: "Sign in with an app's ID token that carries a nonce of this server.",
    body: z.object({ id_token: text }),
    answers: { 200: 'Tokens' },
    problems: ['id_token_invalid', 'account_exists', 'user_disabled', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/link',
    access: 'bearer',
    summary: 'Link a further provider: at once with an ID token, otherwise at the address that is answered.',
    body: z.object({ id_token: text.optional(), return_to: text.optional() }),
    answers: { 200: 'AuthorizationUrl' },
    problems: ['account_linked_elsewhere', 'unknown_provider', 'rate_limited'],
  },
  {
    method: 'DELETE',
    path: '/auth/:provider/link',
    access: 'bearer',
    summary: 'Unlink an account of a provider; the sessions that were started with it end.',
    query: {
      account: text
        .describe('`id` of `GET /auth/accounts`, where several accounts of the provider are linked.')
        .optional(),
    },
    answers: { 204: null },
    problems: ['last_account', 'account_ambiguous', 'not_found'],
  },
  {
    method: 'GET',
    path: '/auth/accounts',
    access: 'bearer',
    summary: 'The linked accounts.',
    answers: { 200: 'Accounts' },
  },
  {
    method: 'POST',
    path: '/auth/refresh',
    access: 'public',
    summary:
      'A new pair for a refresh token, from the body or from its cookie. Presented again within 30 seconds it gets the same successor.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 200: 'Tokens' },
    problems: ['invalid_grant', 'user_disabled', 'origin_not_allowed', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/logout',
    access: 'public',
    summary:
      'End this session and its sockets. The session is proven by an access token, by the refresh cookie, or by a refresh token in the body; one that has expired does not stand in the way of another.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 204: null },
    problems: ['unauthenticated', 'token_expired', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/logout_all',
    access: 'public',
    summary: 'End all sessions of this person, proven as for `POST /auth/logout`.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 204: null },
    problems: ['unauthenticated', 'token_expired', 'rate_limited'],
  },
  { method: 'GET', path: '/auth/me', access: 'bearer', summary: 'Who this is.', answers: { 200: 'User' } },
  {
    method: 'GET',
    path: '/auth/sessions',
    access: 'bearer',
    summary: "This person's devices.",
    answers: { 200: 'Sessions' },
  },
  {
    method: 'DELETE',
    path: '/auth/sessions/:id',
    access: 'bearer',
    summary: 'End one of them.',
    answers: { 204: null },
    problems: ['not_found'],
  },
  {
    method: 'GET',
    path: '/auth/jwks.json',
    access: 'public',
    summary: 'Public keys of the access tokens.',
    answers: { 200: 'Jwks' },
  },
]
