import { z } from 'zod'
import { purgeBody, retryBody } from '../../src/http/routes/transports/delivery-routes.ts'
import { subscriptionBody } from '../../src/http/routes/transports/push-subscription-routes.ts'
import { fields, type Operation } from './operation.ts'
import { preferenceMatrix } from './schemas.ts'

const { text, limit, userReference } = fields
const page = { mediaType: 'text/html', description: 'A page for the user, in French or English.' }
const unsubscribeToken = { token: text.describe('From the link in the message.') }

/** Preferences, push subscriptions and the outbox. */
export const deliveryOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/notifications/preferences',
    access: 'bearer',
    summary: "The user's choices by topic and transport.",
    answers: { 200: 'Preferences' },
  },
  {
    method: 'PUT',
    path: '/notifications/preferences',
    access: 'bearer',
    summary: 'Replace all choices, the language, or both. Topics without a choice are on.',
    body: z.object({ preferences: preferenceMatrix.optional(), locale: z.string().max(35).nullable().optional() }),
    answers: { 200: 'Preferences' },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'The key for subscribing (`applicationServerKey`), and the subscribed browsers.',
    answers: { 200: 'PushSubscriptions' },
    problems: ['not_found'],
  },
  {
    method: 'POST',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'Subscribe a browser by the JSON of its PushSubscription.',
    body: subscriptionBody,
    answers: { 201: 'PushSubscription' },
    problems: ['invalid_request', 'push_service_not_allowed', 'not_found'],
  },
  {
    method: 'DELETE',
    path: '/notifications/push-subscriptions',
    access: 'bearer',
    summary: 'Unsubscribe a browser. The endpoint may be a query parameter instead.',
    body: z.object({ endpoint: z.url() }),
    answers: { 204: null },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/notifications/unsubscribe',
    access: 'public',
    summary: 'The page that the unsubscribe link of a message opens. It changes nothing.',
    query: unsubscribeToken,
    answers: { 200: page },
    problems: ['invalid_request'],
  },
  {
    method: 'POST',
    path: '/notifications/unsubscribe',
    access: 'public',
    summary: 'Switch one topic off for one transport, with one click (RFC 8058).',
    query: unsubscribeToken,
    answers: { 200: page },
    problems: ['invalid_request'],
  },
  {
    method: 'GET',
    path: '/admin/deliveries',
    access: 'admin',
    summary: 'Deliveries in the outbox, newest first, with the reason of a failure.',
    query: {
      state: z.enum(['waiting', 'leased', 'dead']).optional(),
      transport: text.optional(),
      user: userReference.optional(),
      limit: limit(500).optional(),
      after: z.int().describe('`next_after` of the previous page.').optional(),
    },
    answers: { 200: 'Deliveries' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'POST',
    path: '/admin/deliveries/retry',
    access: 'admin',
    summary: 'Make deliveries due now; without a filter, all dead ones.',
    body: retryBody,
    answers: { 200: 'Retried' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'POST',
    path: '/admin/deliveries/purge',
    access: 'admin',
    summary: 'Remove deliveries that are not being attempted; without a filter, all dead ones.',
    body: purgeBody,
    answers: { 200: 'Purged' },
    problems: ['invalid_request', 'unknown_user'],
  },
  {
    method: 'GET',
    path: '/admin/transports',
    access: 'admin',
    summary: 'The transports, and the number of deliveries that wait for each.',
    answers: { 200: 'Transports' },
  },
  {
    method: 'POST',
    path: '/admin/transports/:name/enable',
    access: 'admin',
    summary: 'Switch a transport on again after its peer answered 410 Gone.',
    answers: { 200: 'Transport' },
    problems: ['not_found'],
  },
]
