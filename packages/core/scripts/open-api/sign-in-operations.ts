import { z } from 'zod'
import { fields, type Operation } from './operation.ts'

const { text } = fields
const redirect = { mediaType: 'text/html', description: 'The browser continues at `Location`.' } as const

export const signInOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/auth/:provider',
    access: 'public',
    summary:
      'Start a sign-in. A browser navigation, or `?redirect=1`, receives 302 to the provider and a cookie that binds the flow.',
    query: {
      redirect: z.literal('1').optional(),
      return_to: text
        .max(1_024)
        .describe('Allowed page that receives a single-use `focus_code`, or `error`, at the end of the sign-in.')
        .optional(),
      code_challenge: text
        .describe(
          'S256 of the verifier that `POST /auth/token` then needs. Required for a `fetch` with `return_to`; its answer sets the cookie that the callback needs.',
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
      'The address to which the provider returns the browser. A flow with `return_to` ends there, even if it fails (`?error=…`) or its callback is repeated. A flow that `fetch` started from another allowed origin is forwarded to `/auth/{provider}/callback` of that origin, and stays usable.',
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
    summary: 'Exchange the single-use `focus_code` of a sign-in with `return_to` for tokens, within 60 seconds.',
    body: z.object({ focus_code: text, code_verifier: text.optional() }),
    answers: { 200: 'Tokens' },
    problems: ['invalid_grant', 'origin_not_allowed', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/nonce',
    access: 'public',
    summary: 'A nonce for the ID token of a native app.',
    answers: { 200: 'Nonce' },
    problems: ['unknown_provider', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/id_token',
    access: 'public',
    summary: "Sign in with a native app's ID token that contains a nonce of this server.",
    body: z.object({ id_token: text }),
    answers: { 200: 'Tokens' },
    problems: ['id_token_invalid', 'account_exists', 'user_disabled', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/:provider/link',
    access: 'bearer',
    summary: 'Link another provider: immediately with an ID token, otherwise at the returned address.',
    body: z.object({ id_token: text.optional(), return_to: text.optional() }),
    answers: { 200: 'AuthorizationUrl' },
    problems: ['account_linked_elsewhere', 'unknown_provider', 'rate_limited'],
  },
  {
    method: 'DELETE',
    path: '/auth/:provider/link',
    access: 'bearer',
    summary: 'Unlink an account of a provider. Sessions that were started with it end.',
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
      'Exchange a refresh token, from the body or its cookie, for new tokens. A repetition within 30 seconds returns the same successor.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 200: 'Tokens' },
    problems: ['invalid_grant', 'user_disabled', 'origin_not_allowed', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/logout',
    access: 'public',
    summary:
      'End this session and its sockets. An access token, the refresh cookie or a refresh token in the body proves the session; an expired proof does not invalidate the others.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 204: null },
    problems: ['unauthenticated', 'token_expired', 'rate_limited'],
  },
  {
    method: 'POST',
    path: '/auth/logout_all',
    access: 'public',
    summary: 'End all sessions of the user, proven as for `POST /auth/logout`.',
    body: z.object({ refresh_token: text.optional() }),
    answers: { 204: null },
    problems: ['unauthenticated', 'token_expired', 'rate_limited'],
  },
  { method: 'GET', path: '/auth/me', access: 'bearer', summary: 'The signed-in user.', answers: { 200: 'User' } },
  {
    method: 'GET',
    path: '/auth/sessions',
    access: 'bearer',
    summary: "The user's sessions, one for each device.",
    answers: { 200: 'Sessions' },
  },
  {
    method: 'DELETE',
    path: '/auth/sessions/:id',
    access: 'bearer',
    summary: 'End one session of the user.',
    answers: { 204: null },
    problems: ['not_found'],
  },
  {
    method: 'GET',
    path: '/auth/jwks.json',
    access: 'public',
    summary: 'Public keys that verify access tokens.',
    answers: { 200: 'Jwks' },
  },
]
