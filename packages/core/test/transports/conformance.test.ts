import { createECDH, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import webPushLibrary from 'web-push'
import { type ConformanceSubject, type PeerBehaviour, transportConformance } from '../../src/transports/conformance.ts'
import { slack } from '../../src/transports/slack.ts'
import type { PushSubscription } from '../../src/transports/push-subscriptions.ts'
import type { Transport } from '../../src/transports/transport.ts'
import { webhook } from '../../src/transports/webhook.ts'
import { webPush } from '../../src/transports/web-push.ts'
import { type HttpPeer, say, startHttpPeer } from './support/http-peer.ts'

let behaviour: PeerBehaviour = 'accepts'
let taken = 0
let peer: HttpPeer

beforeAll(async () => {
  peer = await startHttpPeer((_, response) => {
    if (behaviour === 'silent') return
    if (behaviour === 'accepts') taken += 1
    say(response, { accepts: 200, unavailable: 503, refuses: 400 }[behaviour])
  })
})
afterAll(() => peer.close())

const overHttp = {
  peer: (next: PeerBehaviour) => void (behaviour = next),
  arrived: () => taken,
}

function runSuite<Address>(name: string, subject: ConformanceSubject<Address>): void {
  describe(`${name} conforms: it`, () => {
    for (const check of transportConformance(subject)) it(check.name, () => check.run())
  })
}

runSuite('webhook()', {
  ...overHttp,
  create: () => webhook({ url: peer.url, secret: `whsec_${randomBytes(24).toString('base64')}` }),
})
runSuite('slack()', { ...overHttp, create: () => slack({ url: peer.url }) })

const keys = createECDH('prime256v1')
keys.generateKeys()
runSuite<PushSubscription>('webPush()', {
  ...overHttp,
  create: () =>
    webPush({ subject: 'mailto:ops@app.example', ...webPushLibrary.generateVAPIDKeys(), allowPrivateNetwork: true }),
  get to() {
    const auth = randomBytes(16).toString('base64url')
    return [
      {
        endpoint: `${peer.url}/1`,
        expirationTime: null,
        keys: { p256dh: keys.getPublicKey().toString('base64url'), auth },
      },
    ]
  },
})

describe('the conformance suite finds a transport that', () => {
  const good = () => webhook({ url: peer.url, secret: `whsec_${randomBytes(24).toString('base64')}` })

  /** Runs every check on a transport of which something is wrong; returns what the suite says. */
  async function complaints(deliver: Transport<string>['deliver'], name = 'webhook'): Promise<string[]> {
    const messages: string[] = []
    for (const { run } of transportConformance({ ...overHttp, create: () => ({ ...good(), name, deliver }) })) {
      await run().catch((error: Error) => messages.push(error.message))
    }
    return messages
  }

  it('swallows failures', async () => {
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

  it('delivers nothing', async () => {
    const idle = await complaints(async () => undefined)
    expect(idle).toEqual(expect.arrayContaining([expect.stringContaining('the peer has no message')]))
  })

  it('is deaf to its signal', async () => {
    const deaf: Transport<string>['deliver'] = (message, attempt) =>
      good().deliver(message, { ...attempt, signal: new AbortController().signal })
    expect(await complaints(deaf)).toEqual([expect.stringContaining('pass the signal on')])
  })

  it('has a name that nobody can write', async () => {
    const named = await complaints((...args) => good().deliver(...args), 'My Transport')
    expect(named).toEqual([expect.stringContaining('"My Transport"')])
  })
})
