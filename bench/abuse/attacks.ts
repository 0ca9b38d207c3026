import { randomBytes, randomUUID } from 'node:crypto'
import type { Shot } from './http-client.ts'
import { addressOfBotnet, addressOfRange, type Scene, type TargetName } from './scene.ts'
import { halfOpenUpgrades, slowBodies } from './slow-sockets.ts'
import { handshakes, syncFlood } from './socket-floods.ts'

/** Requests at a steady rate, independent of the answers. */
export interface RequestFlood {
  readonly kind: 'requests'
  readonly perSecond: number
  readonly shot: (scene: Scene, index: number) => Shot
}

/** Other floods. They end with the signal, and return the number of each outcome. */
export interface CustomFlood {
  readonly kind: 'custom'
  run(scene: Scene, signal: AbortSignal): Promise<Readonly<Record<string, number>>>
}

export interface Attack {
  /** Section of `availability.md`. */
  readonly about: string
  /** The flood of each server; absent without an equivalent. */
  readonly floods: Partial<Record<TargetName, RequestFlood | CustomFlood>>
}

const perSecond = 2_000
/** Address of an attacker with a single client. */
const oneAddress = { 'x-forwarded-for': '198.51.100.9' }

function requests(shot: RequestFlood['shot']): RequestFlood {
  return { kind: 'requests', perSecond, shot }
}

/** The floods. Each comes from one client, or from the addresses that one client can have. */
export const attacks: Readonly<Record<string, Attack>> = {
  'sign-in-starts': {
    about: 'starts of sign-ins from rotating addresses of one IPv6 /48',
    floods: {
      focus: requests(() => ({
        method: 'GET',
        path: '/api/auth/google',
        headers: { 'x-forwarded-for': addressOfRange() },
      })),
      peers: requests(() => ({
        method: 'POST',
        path: '/api/auth/sign-in/social',
        headers: { 'x-forwarded-for': addressOfRange(), origin: 'http://localhost:8000' },
        body: JSON.stringify({ provider: 'main', callbackURL: '/' }),
      })),
    },
  },
  callbacks: {
    about: 'callbacks of unknown sign-ins, from rotating addresses of one IPv6 /48',
    floods: {
      focus: requests(() => ({
        method: 'GET',
        path: `/api/auth/google/callback?code=x&state=${randomBytes(32).toString('base64url')}`,
        headers: { 'x-forwarded-for': addressOfRange() },
      })),
      peers: requests(() => ({
        method: 'GET',
        path: `/api/auth/callback/main?code=x&state=${randomBytes(32).toString('base64url')}`,
        headers: { 'x-forwarded-for': addressOfRange() },
      })),
    },
  },
  'read-nothing': {
    about: 'marking unknown notifications as read, signed in',
    floods: {
      focus: requests(({ attacker }) => ({
        method: 'POST',
        path: '/api/notifications/read',
        headers: { ...oneAddress, ...attacker.headers },
        body: JSON.stringify({ ids: [randomUUID()] }),
      })),
    },
  },
  'delete-nothing': {
    about: 'deleting unknown notifications, signed in',
    floods: {
      focus: requests(({ attacker }) => ({
        method: 'DELETE',
        path: `/api/notifications/${randomUUID()}`,
        headers: { ...oneAddress, ...attacker.headers },
      })),
    },
  },
  'half-open-upgrades': {
    about: 'WebSocket upgrades to any path without a further message',
    floods: {
      focus: { kind: 'custom', run: halfOpenUpgrades },
      peers: { kind: 'custom', run: halfOpenUpgrades },
    },
  },
  'unreachable-push': {
    about: 'push subscriptions with unresolvable host names, signed in',
    floods: {
      focus: requests(({ attacker }, index) => ({
        method: 'POST',
        path: '/api/notifications/push-subscriptions',
        headers: { ...oneAddress, ...attacker.headers },
        body: JSON.stringify({
          endpoint: `https://push-${index}.invalid/send`,
          keys: { p256dh: randomBytes(65).toString('base64url'), auth: randomBytes(16).toString('base64url') },
        }),
      })),
    },
  },
  'forwarded-commas': {
    about: 'an X-Forwarded-For of 15,000 commas',
    floods: {
      focus: requests(() => ({ method: 'GET', path: '/api/auth/me', headers: { 'x-forwarded-for': manyCommas } })),
      peers: requests(() => ({
        method: 'GET',
        path: '/api/auth/get-session',
        headers: { 'x-forwarded-for': manyCommas },
      })),
    },
  },
  'inbox-pages': {
    about: 'the largest pages of an inbox of 2,000 notifications, signed in',
    floods: {
      focus: requests(({ attacker }) => ({
        method: 'GET',
        path: '/api/notifications?limit=500',
        headers: { ...oneAddress, ...attacker.headers },
      })),
    },
  },
  sync: {
    about: '100 sockets of one user that each request 500 rows as often as the limits allow',
    floods: { focus: { kind: 'custom', run: syncFlood } },
  },
  'stream-tickets': {
    about: 'tickets for the event stream, signed in',
    floods: {
      focus: requests(({ attacker }) => ({
        method: 'POST',
        path: '/api/ws/ticket',
        headers: { ...oneAddress, ...attacker.headers },
        body: '{"use":"stream"}',
      })),
    },
  },
  'admin-guesses': {
    about: 'guesses of the admin key',
    floods: {
      focus: requests(() => ({
        method: 'GET',
        path: '/api/admin/users',
        headers: { ...oneAddress, authorization: `Bearer ${randomBytes(24).toString('base64url')}` },
      })),
    },
  },
  ready: {
    about: 'the readiness check, which is public',
    floods: {
      focus: requests(() => ({ method: 'GET', path: '/api/ready', headers: oneAddress })),
      peers: requests(() => ({ method: 'GET', path: '/api/auth/ok', headers: oneAddress })),
    },
  },
  refreshes: {
    about: 'unknown refresh tokens, from 15,000 addresses',
    floods: {
      focus: requests((_, index) => ({
        method: 'POST',
        path: '/api/auth/refresh',
        headers: { 'x-forwarded-for': addressOfBotnet(index) },
        body: JSON.stringify({ refresh_token: randomBytes(32).toString('base64url') }),
      })),
      peers: requests((_, index) => ({
        method: 'GET',
        path: '/api/auth/get-session',
        headers: {
          'x-forwarded-for': addressOfBotnet(index),
          cookie: `better-auth.session_token=${randomBytes(32).toString('base64url')}`,
        },
      })),
    },
  },
  'forged-tokens': {
    about: 'forged access tokens',
    floods: {
      focus: requests(() => ({
        method: 'GET',
        path: '/api/auth/me',
        headers: { ...oneAddress, authorization: `Bearer ${forgedToken()}` },
      })),
    },
  },
  'event-streams': {
    about: 'event streams without a token',
    floods: {
      focus: requests(() => ({ method: 'GET', path: '/api/notifications/stream', headers: oneAddress })),
    },
  },
  handshakes: {
    about: 'WebSocket handshakes with forged tokens from 15,000 addresses',
    floods: {
      focus: { kind: 'custom', run: handshakes },
      peers: { kind: 'custom', run: handshakes },
    },
  },
  'slow-bodies': {
    about: '1,000 requests with bodies that arrive at one byte a second',
    floods: {
      focus: { kind: 'custom', run: slowBodies },
      peers: { kind: 'custom', run: slowBodies },
    },
  },
}

const manyCommas = ','.repeat(15_000)

function forgedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: 'focus',
    aud: 'focus',
    sub: '1',
    sid: randomUUID(),
    jti: randomUUID(),
    iat: now,
    exp: now + 600,
  }
  return `${part({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k' })}.${part(claims)}.${randomBytes(64).toString('base64url')}`
}
