import { describe, expect, test } from 'vitest'
import { email } from './email/email.ts'
import { log } from './log.ts'
import { slack } from './slack.ts'
import { webPush } from './web-push.ts'
import { webhook } from './webhook.ts'

const factories = { slack, email, webhook, webPush, log }
type Name = keyof typeof factories

const good: Readonly<Record<Name, object>> = {
  slack: { url: 'https://hooks.slack.com/services/T0/B0/x' },
  email: { url: 'smtps://user:password@mail.example', from: 'Focus <hello@app.example>' },
  webhook: { url: 'https://example.com/hook', secret: `whsec_${Buffer.alloc(24).toString('base64')}` },
  webPush: {
    subject: 'mailto:ops@app.example',
    publicKey: Buffer.alloc(65, 4).toString('base64url'),
    privateKey: Buffer.alloc(32, 1).toString('base64url'),
  },
  log: {},
}
/** Called as plain JavaScript calls them. */
const make = (name: Name, options: unknown) => () => Reflect.apply(factories[name], null, [options])

const everywhere: Readonly<Record<string, readonly unknown[]>> = {
  name: ['', 'Upper', 'a b', 7, 'x'.repeat(65)],
  concurrency: [0, -1, 1.5, 'many', Number.NaN],
  timeoutMs: [0, -1, '5s'],
  ordered: ['yes', 1],
  rate: [5, '5/s', { count: 0, perMs: 1_000 }, { count: 1 }, { count: 1, perMs: 1, per: 's' }],
  retry: [3, { maxAttempts: 0 }, { attempts: 3 }],
}
const own: Readonly<Record<Name, Readonly<Record<string, readonly unknown[]>>>> = {
  slack: { url: ['', 7, null], format: ['x'], allowPrivateNetwork: ['yes'] },
  email: {
    url: ['', 7, null],
    from: ['', 7, null],
    replyTo: ['', 7],
    addresses: [['a@b.c']],
    format: [{}],
    answerTimeoutMs: [0, '10m'],
    unsubscribe: [true, 'https://app.example'],
  },
  webhook: {
    url: ['', 7, null, ['https://example.com']],
    secret: ['', 7, null, [7]],
    headers: ['x-key: 1', [], { 'x-key': 1 }],
    allowPrivateNetwork: ['yes'],
    format: ['x'],
    onGone: [true],
    dns: ['192.0.2.53', { servers: '192.0.2.53' }, { timeoutMs: 0 }, { server: [] }],
  },
  webPush: {
    subject: ['', 7, null],
    publicKey: ['', 7, null],
    privateKey: ['', 7, null],
    ttlSeconds: [-1, '1d'],
    urgency: ['urgent', 7],
    services: ['all', [7]],
    dns: [[]],
    allowPrivateNetwork: ['yes'],
  },
  log: { logger: ['console', {}] },
}
const names: readonly Name[] = ['slack', 'email', 'webhook', 'webPush', 'log']
const cases = names.flatMap((name) =>
  Object.entries({ ...everywhere, ...own[name] }).map(([option, values]) => [name, option, values] as const),
)

describe('the options of a transport', () => {
  test.each(cases)('A24: %s(): a wrong %s is refused, with its path', (name, option, values) => {
    for (const value of values) {
      expect(make(name, { ...good[name], [option]: value }), JSON.stringify(value)).toThrow(
        expect.objectContaining({
          code: 'invalid_option',
          message: expect.stringMatching(new RegExp(`^${name}\\.${option}[.\\w-]*: (?:expected|missing|is not)`)),
        }),
      )
    }
  })

  test.each(names)('A24: %s() refuses an option that it does not know, and takes what is not given', (name) => {
    expect(make(name, { ...good[name], timeout: 5 })).toThrow(
      `${name}.timeout: is not an option; did you mean ${name}.timeoutMs?`,
    )
    expect(make(name, { ...good[name], name: undefined, retry: undefined })).not.toThrow()
    const nulls = { name: null, rate: null, retry: null, timeoutMs: null }
    expect(make(name, { ...good[name], ...nulls })()).toMatchObject({ name: expect.stringMatching(/^[a-z_]+$/) })
    expect(make(name, { ...good[name], ...nulls })()).not.toHaveProperty('retry')
  })

  test('S28 A24: a secret of the wrong form is not repeated', () => {
    const secret = 'hunter2'
    for (const name of names) {
      const options = { url: [secret], secret: { secret }, privateKey: [secret], headers: { authorization: [secret] } }
      expect(make(name, { ...good[name], ...options })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      )
    }
  })
})
