import { operations } from '../../../scripts/open-api/document.ts'
import { anyJson, type Dice, mutate } from '@focus-api/test-kit/values/dice'

/** Valid credentials, so that requests also reach the code behind the checks. */
export interface Keys {
  readonly adminKey: string
  /** Issued access tokens, refresh tokens, tickets, states and cookies. */
  readonly secrets: readonly [string, ...string[]]
  /** Bearer tokens that work. */
  readonly tokens: readonly [string, ...string[]]
}

const words = [
  '1',
  '2',
  '0',
  '-1',
  '999999999999999999999',
  'alice',
  'google',
  'oidc',
  'info',
  'limits',
  'activities',
  'all',
  'x',
  'true',
  'fr',
  'fr_FR',
  'en-US',
  '2026-01-01T08:00Z',
  '2026-02-30T25:61:00Z',
  '0198c0de-7b1a-7c3e-9a51-2f4b5c6d7e8f',
  '',
  ' ',
  '/',
  '//evil.example',
  '/\\evil',
  '/./%2fevil.example',
  'https://app.example/',
  'javascript:alert(1)',
  '%',
  '%00',
  '%ff',
  '\u0000',
  '\u202e',
  '\ud800',
  'é',
  '👩‍👩‍👧‍👦',
  '__proto__',
  'constructor',
  "' or 1=1 --",
  '\\',
  '{{x}}',
  '${x}',
  'a'.repeat(300),
  '9'.repeat(400),
  '[]',
  '{}',
  'null',
  'NaN',
  '1e309',
  '0x10',
  'log',
  'email',
  'web-push',
  'S256',
] as const // prettier-ignore

/** Names of fields and parameters of any route: a request may have those of another one. */
const names = [
  'limit',
  'before',
  'unread',
  'event',
  'events',
  'ticket',
  'token',
  'code',
  'state',
  'iss',
  'error',
  'redirect',
  'return_to',
  'code_challenge',
  'login_hint',
  'prompt',
  'after',
  'search',
  'user',
  'transport',
  'epoch',
  'offset',
  'all_offset',
  'last_id',
  'focus_code',
  'code_verifier',
  'refresh_token',
  'id_token',
  'nonce',
  'ids',
  'up_to_offset',
  'stream',
  'use',
  'user_id',
  'user_ids',
  'users',
  'broadcast',
  'title',
  'message',
  'data',
  'type',
  'notification_type',
  'deliver_at',
  'expires_at',
  'dedupe',
  'group',
  'rate',
  'critical',
  'locale',
  'notification',
  'params',
  'endpoint',
  'keys',
  'preferences',
  'transports',
  'immediately',
  '__proto__',
  'toString',
] as const // prettier-ignore

const headerNames = [
  'accept',
  'accept-language',
  'content-type',
  'cookie',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'origin',
  'purpose',
  'range',
  'referer',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-purpose',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'upgrade',
  'connection',
  'host',
] as const // prettier-ignore

/** Valid bodies by path, which are then mutated. */
const bodies: Readonly<Record<string, readonly object[]>> = {
  '/auth/token': [{ focus_code: 'x', code_verifier: 'y'.repeat(43) }],
  '/auth/:provider/id_token': [{ id_token: 'a.b.c', nonce: 'x' }],
  '/auth/:provider/link': [{ return_to: '/settings' }],
  '/auth/refresh': [{ refresh_token: 'x' }],
  '/notifications': [
    { user_id: 1, notification_type: 'info', title: 't', message: 'm', data: { a: [1, { b: null }] }, event: 'limits' },
    { user_ids: [1, 2], title: 't', message: 'm', dedupe: { key: 'k', window: 60 }, rate: { limit: 2, window: 60 } },
    { broadcast: true, title: 't', message: 'm', expires_at: '2030-01-01T00:00:00Z' },
    { user: 'alice', title: 't', message: 'm', deliver_at: '2030-01-01T00:00:00Z', group: { key: 'g', window: 60 } },
    { user_id: 1, notification: 'limitWarning', params: { appName: 'Instagram', percentage: 80 } },
  ],
  '/notifications/read': [{ ids: ['x'] }, { up_to_offset: 3 }, { all: true }, { up_to_offset: 1, stream: 'all' }],
  '/notifications/preferences': [
    { locale: 'fr', preferences: [{ event: 'limits', transport: 'log', enabled: false }] },
  ],
  '/notifications/push-subscriptions': [
    { endpoint: 'https://push.example/1', keys: { p256dh: 'x'.repeat(87), auth: 'y'.repeat(22) } },
  ],
  '/admin/deliveries/retry': [{ ids: ['x'] }, { state: 'dead' }],
  '/admin/deliveries/purge': [{ ids: ['x'] }, { state: 'dead' }],
  '/ws/ticket': [{ use: 'stream' }, { use: 'websocket' }, {}],
  '/admin/keys/rotate': [{}],
  '/admin/token': [{ user: 'alice' }, { user: '1' }],
}

/** Requests that the mutations skip, because they would change the results of all later requests. */
const spared = new Set([
  'POST /auth/logout',
  'POST /auth/logout_all',
  'POST /admin/epoch/rotate',
  'POST /admin/keys/rotate',
])

const routes = operations.filter(({ method, path }) => !spared.has(`${method} ${path}`))

/** A request that is nearly right, for any route. The same dice make the same request. */
export function nearlyARequest(dice: Dice, keys: Keys): Request {
  const route = routes[dice.below(routes.length)] ?? routes[0]
  if (!route) throw new Error('there are no routes')
  const method = dice.chance(0.93)
    ? route.method
    : dice.pick(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => pathSegment(dice, name, keys))
  const bentPath = dice.chance(0.95) ? path : mutate(dice, path)
  const url = new URL(`http://localhost:8000/api${encodeURI(bentPath.toWellFormed())}${query(dice, keys)}`)
  const headers = headersOf(dice, keys, route.access)
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(dice, keys, route.path, headers)
  return new Request(url, { method, headers, body })
}

function pathSegment(dice: Dice, name: string, keys: Keys): string {
  if (dice.chance(0.7)) return name === 'provider' ? 'google' : dice.pick(['1', 'alice', 'log', 'x'])
  return encodeURIComponent(text(dice, keys).toWellFormed()) || 'x'
}

function query(dice: Dice, keys: Keys): string {
  const parts = Array.from({ length: dice.below(5) }, () => {
    const [name, value] = [dice.pick(names), text(dice, keys).toWellFormed()]
    return dice.chance(0.9) ? `${name}=${encodeURIComponent(value)}` : `${name}=${value.replaceAll(/[#\s]/g, '')}`
  })
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function headersOf(dice: Dice, { adminKey, tokens, secrets }: Keys, access: string): Headers {
  const headers = new Headers()
  if (dice.chance(0.85)) {
    const key = access === 'admin' ? adminKey : dice.pick(tokens)
    headers.set('authorization', dice.chance(0.95) ? `Bearer ${key}` : `Bearer ${printable(mutate(dice, key))}`)
  }
  if (dice.chance(0.8)) headers.set('content-type', 'application/json')
  for (let count = dice.below(4); count > 0; count -= 1) {
    const name = dice.pick(headerNames)
    const value = dice.chance(0.5) ? dice.pick(words) : headerValue(dice, name, secrets)
    headers.set(name, printable(value))
  }
  return headers
}

function headerValue(dice: Dice, name: string, secrets: Keys['secrets']): string {
  const plausible: Record<string, readonly [string, ...string[]]> = {
    accept: ['text/html', 'application/json', 'text/event-stream', '*/*;q=0'],
    'content-type': ['text/plain', 'application/json; charset=latin1', 'multipart/form-data', 'APPLICATION/JSON'],
    cookie: [
      `__Host-focus_refresh=${dice.pick(secrets)}`,
      `focus_refresh=${dice.pick(secrets)}; ${'a=b; '.repeat(50)}`,
      ';;==;',
    ],
    'last-event-id': ['x:1:1', `${dice.below(99)}:${dice.below(99)}:${dice.below(99)}`, ':::', 'k3f9:9e9:-1'],
    origin: ['http://localhost:8000', 'https://evil.example', 'null'],
    'sec-purpose': ['prefetch', 'prefetch;prerender'],
    'sec-fetch-site': ['same-origin', 'cross-site'],
    'x-forwarded-for': ['203.0.113.1', ','.repeat(2_000), '2001:db8::1, 10.0.0.1', '::ffff:1.2.3.4:80'],
  }
  return dice.pick(plausible[name] ?? words)
}

/** As a header takes it: a byte string without control characters. */
function printable(value: string): string {
  return value.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?').trim()
}

function bodyOf(dice: Dice, keys: Keys, path: string, headers: Headers): string | Uint8Array<ArrayBuffer> | null {
  if (dice.chance(0.05)) return null
  if (dice.chance(0.03)) return new Uint8Array(dice.bytes(dice.below(400)))
  if (dice.chance(0.02)) headers.set('content-length', '5')
  const examples = bodies[path]
  const value =
    examples && dice.chance(0.9) ? bend(dice, keys, examples[dice.below(examples.length)] ?? {}) : anyJson(dice, 4)
  const json = JSON.stringify(value) ?? ''
  return dice.chance(0.95) ? json : mutate(dice, json)
}

/** Some members changed, some gone, some added. */
function bend(dice: Dice, keys: Keys, value: unknown, depth = 0): unknown {
  if (dice.chance(depth === 0 ? 0.02 : 0.08)) return dice.chance(0.5) ? anyJson(dice, 3) : text(dice, keys)
  if (Array.isArray(value)) {
    const bent = value.map((each) => bend(dice, keys, each, depth + 1))
    return dice.chance(0.95) ? bent : Array.from({ length: dice.below(600) }, () => bent[0])
  }
  if (typeof value !== 'object' || value === null) return dice.chance(0.8) ? value : text(dice, keys)
  const members = Object.entries(value)
    .filter(() => dice.chance(0.95))
    .map(([name, member]): [string, unknown] => [name, bend(dice, keys, member, depth + 1)])
  if (dice.chance(0.2)) members.push([dice.pick(names), dice.chance(0.5) ? text(dice, keys) : anyJson(dice, 2)])
  return Object.fromEntries(members)
}

function text(dice: Dice, { secrets }: Keys): string {
  if (dice.chance(0.2)) return dice.pick(secrets)
  const word = dice.pick(words)
  return dice.chance(0.9) || word === '' ? word : mutate(dice, word)
}
