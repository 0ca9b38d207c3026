import { readSelection } from '../../src/http/routes/inbox-routes.ts'
import { sendBody } from '../../src/http/routes/send-request.ts'
import { fields, type Operation } from './operation.ts'

const { text, flag, limit, userReference } = fields

export const notificationOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/notifications',
    access: 'bearer',
    summary: 'The inbox, newest first, broadcasts included.',
    query: {
      limit: limit(500).optional(),
      before: text.describe('`next_before` of the previous page.').optional(),
      unread: flag.optional(),
      event: text.describe('Topics, separated by commas.').optional(),
    },
    answers: { 200: 'Inbox' },
  },
  {
    method: 'POST',
    path: '/notifications/read',
    access: 'bearer',
    summary: 'Mark as read. Other tabs of the user receive the change.',
    body: readSelection,
    answers: { 200: 'UnreadCount' },
  },
  {
    method: 'DELETE',
    path: '/notifications/:id',
    access: 'bearer',
    summary: 'Delete one notification from the inbox.',
    answers: { 204: null },
    problems: ['unknown_notification'],
  },
  {
    method: 'POST',
    path: '/notifications',
    access: 'admin',
    summary: 'Send a notification by `title` and `message`, or by a name of the catalogue.',
    headers: {
      'Idempotency-Key': text
        .describe('The same key within 24 hours gets the same answer, and nothing is sent twice.')
        .optional(),
    },
    body: sendBody,
    answers: { 200: 'Sent' },
    problems: ['unknown_user', 'invalid_notification', 'data_too_large', 'idempotency_conflict', 'storage_unavailable'],
  },
  {
    method: 'GET',
    path: '/admin/notifications',
    access: 'admin',
    summary:
      'Recent notifications, newest first: those of all users by the time of their first call, or the inbox of one user.',
    query: { limit: limit(500).optional(), user: userReference.optional() },
    answers: { 200: 'AdminNotifications' },
    problems: ['unknown_user'],
  },
  {
    method: 'GET',
    path: '/admin/epoch',
    access: 'admin',
    summary: 'The epoch of the streams.',
    answers: { 200: 'Epoch' },
  },
  {
    method: 'POST',
    path: '/admin/epoch/rotate',
    access: 'admin',
    summary: 'Start a new epoch after the database was restored from a backup: all clients reset their positions.',
    answers: { 200: 'Epoch' },
  },
  {
    method: 'DELETE',
    path: '/notifications/scheduled/:id',
    access: 'admin',
    summary: 'Cancel a notification that has not been sent yet.',
    answers: { 204: null },
    problems: ['unknown_notification'],
  },
  {
    method: 'GET',
    path: '/notifications/stream',
    access: 'public',
    summary:
      'Server-Sent Events: the messages of the WebSocket, for clients behind proxies that break it. With an access token or a ticket.',
    query: {
      ticket: text.optional(),
      token: text.optional(),
      events: text.describe('Topics, separated by commas.').optional(),
    },
    headers: { 'Last-Event-ID': text.describe('`epoch:offset:all_offset`').optional() },
    answers: { 200: { mediaType: 'text/event-stream', description: 'One event per message.' } },
    problems: ['unauthenticated', 'invalid_token', 'token_expired', 'session_revoked', 'draining'],
  },
]
