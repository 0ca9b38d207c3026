import { createECDH, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webPushLibrary from 'web-push'
import type { ConformanceSubject, OddPeerBehaviour, PeerBehaviour } from '../../src/transports/conformance/subject.ts'
import { transportConformance } from '../../src/transports/conformance/transport-conformance.ts'
import { email } from '../../src/transports/channels/email/email.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from '../../src/transports/transport-errors.ts'
import { slack } from '../../src/transports/channels/slack.ts'
import type { PushSubscription } from '../../src/transports/preferences/push-subscriptions-port.ts'
import type { Transport } from '../../src/transports/transport.ts'
import { webhook } from '../../src/transports/channels/webhook.ts'
import { webPush } from '../../src/transports/channels/web-push.ts'
import { sms } from './examples/sms.ts'
import { type HttpPeer, say, startHttpPeer } from './support/http-peer.ts'
import { refusal, type SmtpPeer, startSmtpPeer } from './support/smtp-peer.ts'

type Behaviour = PeerBehaviour | OddPeerBehaviour
let behaviour: Behaviour = 'accepts'
let taken = 0
let peer: HttpPeer

const statuses = { accepts: 200, unavailable: 503, refuses: 400, overloaded: 429 } as const

beforeAll(async () => {
  peer = await startHttpPeer(({ path }, response) => {
    if (path === '/refusing') return say(response, 400)
    if (path === '/failing') return say(response, 500)
    if (behaviour === 'silent') return
    if (behaviour === 'accepts' || behaviour === 'accepts_oddly') taken += 1
    // A head without its body.
    if (behaviour === 'accepts_oddly') return response.writeHead(200, { 'content-length': 5 }).flushHeaders()
    say(response, statuses[behaviour], '', behaviour === 'overloaded' ? { 'retry-after': '9999999999' } : {})
  })
})
afterAll(() => peer.close())

const overHttp = {
  peer: (next: Behaviour) => void (behaviour = next),
  arrived: () => taken,
  behaviours: ['accepts', 'unavailable', 'refuses', 'silent', 'accepts_oddly', 'overloaded'] as const,
}

function runSuite<Address>(name: string, subject: ConformanceSubject<Address>): void {
  describe(`${name} conforms`, () => {
    for (const check of transportConformance(subject)) test(check.name, () => check.run())
  })
}

runSuite('webhook()', {
  ...overHttp,
  create: () => webhook({ url: peer.url, secret: `whsec_${randomBytes(24).toString('base64')}` }),
})
runSuite('slack()', { ...overHttp, create: () => slack({ url: peer.url }) })

const secret = `whsec_${randomBytes(24).toString('base64')}`
runSuite<string>('webhook() with an address of each user', {
  ...overHttp,
  create: () => webhook({ url: () => peer.url, secret, allowPrivateNetwork: true }),
  get to() {
    return [`${peer.url}/1`]
  },
  get refusing() {
    return `${peer.url}/refusing`
  },
  get failing() {
    return `${peer.url}/failing`
  },
})

let smtp: SmtpPeer
beforeAll(async () => {
  smtp = await startSmtpPeer({
    // A silent server never sends its greeting.
    onConnect: (_session, done) => void (behaviour === 'silent' || done()),
    onRcptTo({ address }, _session, done) {
      if (behaviour === 'refuses' || address.startsWith('refusing@')) return done(refusal(550, '5.1.1 no such user'))
      if (behaviour === 'unavailable' || address.startsWith('failing@')) return done(refusal(451, '4.3.0 later'))
      done()
    },
  })
})
afterAll(() => smtp.close())

runSuite<string>('email()', {
  create: () => email({ url: smtp.url, from: 'Focus <hello@app.example>' }),
  peer: overHttp.peer,
  arrived: () => smtp.mails.length,
  to: ['user@example.com'],
  refusing: 'refusing@example.com',
  failing: 'failing@example.com',
})

const keys = createECDH('prime256v1')
keys.generateKeys()
const auth = randomBytes(16).toString('base64url')
const subscription = (path: string): PushSubscription => ({
  endpoint: `${peer.url}${path}`,
  expirationTime: null,
  keys: { p256dh: keys.getPublicKey().toString('base64url'), auth },
})
runSuite<PushSubscription>('webPush()', {
  ...overHttp,
  create: () =>
    webPush({ subject: 'mailto:ops@app.example', ...webPushLibrary.generateVAPIDKeys(), allowPrivateNetwork: true }),
  get to() {
    return [subscription('/1')]
  },
  get refusing() {
    return subscription('/refusing')
  },
  get failing() {
    return subscription('/failing')
  },
})

runSuite<string>('the transport of the documentation', {
  ...overHttp,
  create: () => sms({ gatewayUrl: peer.url, numbersOf: async () => [] }),
  to: ['+33123456789'],
})

test('the documentation shows the transport that passed the suite', () => {
  const page = readFileSync(new URL('../../../../docs/transports.md', import.meta.url), 'utf8')
  const example = readFileSync(new URL('examples/sms.ts', import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``)
})

describe('the conformance suite finds a transport that', () => {
  const good = () => webhook({ url: peer.url, secret: `whsec_${randomBytes(24).toString('base64')}` })

  /** Runs every check on a faulty transport and returns the messages of the failed checks. */
  async function complaints(
    deliver: Transport<string>['deliver'],
    name = 'webhook',
    more: Partial<Transport<string>> = {},
  ): Promise<string[]> {
    const messages: string[] = []
    for (const { run } of transportConformance({
      ...overHttp,
      create: () => ({ ...good(), ...more, name, deliver }),
    })) {
      await run().catch((error: Error) => messages.push(error.message))
    }
    return messages
  }

  test('swallows failures', async () => {
    const swallowing: Transport<string>['deliver'] = (...args) =>
      good()
        .deliver(...args)
        .catch(() => undefined)
    expect(await complaints(swallowing)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the message is lost'),
        expect.stringContaining('a refusal must be'),
      ]),
    )
  })

  test('delivers nothing', async () => {
    const idle = await complaints(async () => undefined)
    expect(idle).toEqual(expect.arrayContaining([expect.stringContaining('0 messages arrived')]))
  })

  test('ignores its signal', async () => {
    const deaf: Transport<string>['deliver'] = (message, attempt) =>
      good().deliver(message, { ...attempt, signal: new AbortController().signal })
    expect(await complaints(deaf)).toEqual([expect.stringContaining('pass the signal on')])
  })

  test('S40 V5: pauses all users because of one', async () => {
    const selfish: Transport<string>['deliver'] = async () => {
      throw new RetryableDeliveryError('busy', { retryAfterMs: 1e13, pause: true })
    }
    const messages = await complaints(selfish, 'webhook', { addresses: () => [] })
    expect(messages).toContainEqual(expect.stringContaining('pauses the transport for all users'))
  })

  test('R8: waits for the body after the answer', async () => {
    const waiting: Transport<string>['deliver'] = async (message, { signal }) => {
      const response = await fetch(peer.url, { method: 'POST', body: message.title, signal })
      await response.text()
      if (!response.ok) throw new PermanentDeliveryError('no')
    }
    expect(await complaints(waiting)).toContainEqual(expect.stringContaining('after the peer accepted'))
  })

  test('R11: forgets which address has the message', async () => {
    const forgetful = (): Transport<string> => ({
      name: 'forgetful',
      addresses: () => [],
      async deliver(message) {
        for (const url of message.to) {
          const { ok } = await fetch(url, { method: 'POST' })
          if (!ok) throw new RetryableDeliveryError('no')
        }
      },
    })
    const messages: string[] = []
    const checks = transportConformance({
      ...overHttp,
      behaviours: ['accepts'],
      create: forgetful,
      to: [`${peer.url}/1`],
      refusing: `${peer.url}/refusing`,
      failing: `${peer.url}/failing`,
    })
    for (const { run } of checks) await run().catch((error: Error) => messages.push(error.message))
    expect(messages).toContainEqual(expect.stringContaining('does not name the addresses'))
  })

  test('has an invalid name', async () => {
    const named = await complaints((...args) => good().deliver(...args), 'My Transport')
    expect(named).toEqual([expect.stringContaining('"My Transport"')])
  })
})
