import { z } from 'zod'
import { purgeBody, retryBody } from '../../src/http/routes/delivery-routes.ts'
import { subscriptionBody } from '../../src/http/routes/preference-routes.ts'
import { fields, type Operation } from './operation.ts'
import { preferenceMatrix } from './schemas.ts'

const { text, limit, userReference } = fields
const page = { mediaType: 'text/html', description: 'A page for the person, in French or English.' }
const unsubscribeToken = { token: text.describe('From the link in the message.') }

/** Preferences, push subscriptions and the outbox. */
export const deliveryOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/notifications/preferences',
    access: 'bearer',
    summary: 'What one wants to be told, and where.',
    answers: { 200: 'Preferences' },
  },
  {
    method: 'PUT',
    path: '/notifications/preferences',
    access: 'bearer',
    summary: 'Replace all choices, the language, or both. What is not there is on.',
    body: z.object({ preferences: preferenceMatrix.optional(), locale: z.string().max(35).nullable().optional() }),
    answers: { 200: 'Preferences' },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'The key to subscribe with (`applicationServerKey`), and the browsers that are subscribed.',
    answers: { 200: 'PushSubscriptions' },
    problems: ['not_found'],
  },
  {
    method: 'POST',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'Register a browser: the JSON of its PushSubscription.',
    body: subscriptionBody,
    answers: { 201: 'PushSubscription' },
    problems: ['invalid_request', 'push_service_not_allowed', 'not_found'],
  },
  {
    method: 'DELETE',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'Forget a browser. The endpoint may be given as a query parameter instead.',
    body: z.object({ endpoint: z.url() }),
    answers: { 204: null },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/notifications/unsubscribe',
    access: 'public',
    summary: 'The page behind the link of a message; changes nothing.',
    query: unsubscribeToken,
    answers: { 200: page },
    problems: ['invalid_request'],
  },
  {
    method: 'POST',
    path: '/notifications/unsubscribe',
    access: 'public',
    summary: 'Switch one topic off at one transport, with one click (RFC 8058).',
    query: unsubscribeToken,
    answers: { 200: page },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/admin/deliveries',
    access: 'admin',
    summary: 'The outbox, newest first: what waits for other transports, what failed and why.',
    query: {
      state: z.enum(['waiting', 'leased', 'dead']).optional(),
      transport: text.optional(),
      user: userReference.optional(),
      limit: limit(500).optional(),
      after: z.int().describe('`next_after` of the page before.').optional(),
    },
    answers: { 200: 'Deliveries' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'POST',
    path: '/admin/deliveries/retry',
    access: 'admin',
    summary: 'Make deliveries due at once; all dead ones without a filter.',
    body: retryBody,
    answers: { 200: 'Retried' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'POST',
    path: '/admin/deliveries/purge',
    access: 'admin',
    summary: 'Remove deliveries that nobody is delivering; all dead ones without a filter.',
    body: purgeBody,
    answers: { 200: 'Purged' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'GET',
    path: '/admin/transports',
    access: 'admin',
    summary: 'The transports, and how much waits for each.',
    answers: { 200: 'Transports' },
  },
  {
    method: 'POST',
    path: '/admin/transports/:name/enable',
    access: 'admin',
    summary: 'Switch a transport on that its peer had switched off (410 Gone).',
    answers: { 200: 'Transport' },
    problems: ['not_found'],
  },
]
