import { afterEach, describe, expect, test } from 'vitest'
import { slack, slackPayload } from '../../src/transports/channels/slack.ts'
import { eventOf, openBench, person } from './support/bench.ts'
import { type HttpPeer, say, startHttpPeer } from './support/http-peer.ts'

const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

/** Slack's incoming webhooks as its documentation describes their answers; `script` names them in turn, then all is well. */
async function startSlack(
  ...script: ReadonlyArray<readonly [status: number, body: string, headers?: Record<string, string>]>
) {
  const waiting = [...script]
  const peer: HttpPeer = await startHttpPeer(({ headers, body }, response) => {
    const scripted = waiting.shift()
    if (scripted) return say(response, ...scripted)
    if (headers['content-type']?.startsWith('application/json') !== true) return say(response, 400, 'invalid_payload')
    const payload = JSON.parse(body.toString()) as { text?: string }
    say(response, payload.text ? 200 : 400, payload.text ? 'ok' : 'no_text')
  })
  closing.push(peer)
  return peer
}

async function bench(peer: HttpPeer) {
  const opened = await openBench({
    url: 'sqlite::memory:',
    transports: [slack({ url: `${peer.url}/services/T0/B0/x` })],
    chance: 0,
  })
  closing.push(opened)
  return { ...opened, states: async () => (await opened.outbound.deliveries.list()).deliveries }
}

describe('slack()', () => {
  test('posts valid payloads, one message per second', async () => {
    const peer = await startSlack()
    const { commit, outbound, clock, states } = await bench(peer)
    for (const title of ['one', 'two', 'three'])
      await commit({ title, type: 'warning', event: 'limits' }, { transport: 'slack' })
    await outbound.runDue()
    expect(peer.requests).toHaveLength(1)
    for (let second = 0; second < 2; second += 1) {
      clock.advance(1_000)
      await outbound.runDue()
    }
    expect(await states()).toEqual([])
    const [first] = peer.requests.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>)
    expect(first).toMatchObject({
      text: expect.stringContaining('*one*'),
      blocks: [{ type: 'header', text: { text: 'one' } }, {}, {}],
    })
    expect(peer.requests[0]?.path).toBe('/services/T0/B0/x')
  })

  test('waits as long as a 429 asks, and then posts everything', async () => {
    const peer = await startSlack([429, 'rate_limited', { 'retry-after': '30' }])
    const { commit, outbound, clock, states } = await bench(peer)
    await commit({}, { transport: 'slack' })
    await commit({}, { transport: 'slack' })
    for (let second = 0; second < 29; second += 1) {
      await outbound.runDue()
      clock.advance(1_000)
    }
    expect(peer.requests).toHaveLength(1)
    for (let second = 0; second < 4; second += 1) {
      clock.advance(1_000)
      await outbound.runDue()
    }
    expect(peer.requests).toHaveLength(3)
    expect(await states()).toEqual([])
  })

  test.each([
    [400, 'invalid_payload'],
    [400, 'too_many_attachments'],
    [403, 'action_prohibited'],
    [404, 'channel_not_found'],
    [410, 'channel_is_archived'],
  ])('parks %i %s and goes on with the next', async (status, reason) => {
    const peer = await startSlack([status, reason])
    const { commit, outbound, clock, states } = await bench(peer)
    await commit({ title: 'refused' }, { transport: 'slack' })
    await commit({ title: 'fine' }, { transport: 'slack' })
    await outbound.runDue()
    clock.advance(1_000)
    await outbound.runDue()
    expect(await states()).toMatchObject([
      { title: 'refused', state: 'dead', lastError: `Slack answered ${status} (${reason}).` },
    ])
    expect(peer.requests).toHaveLength(2)
  })

  test.each([
    [404, 'no_service'],
    [404, 'no_active_hooks'],
    [404, 'no_team'],
    [403, 'invalid_token'],
  ])('is switched off by %i %s: the hook itself is gone', async (status, reason) => {
    const { outbound, commit } = await bench(await startSlack([status, reason]))
    await commit({}, { transport: 'slack' })
    await outbound.runDue()
    expect(await outbound.deliveries.transports()).toMatchObject([
      { disabledReason: expect.stringContaining(reason), dead: 1 },
    ])
  })

  test('tries again after server errors of Slack', async () => {
    const peer = await startSlack([500, 'rollup_error'], [503, ''])
    const { commit, outbound, clock, states } = await bench(peer)
    await commit({}, { transport: 'slack' })
    for (let round = 0; round < 3; round += 1) {
      await outbound.runDue()
      clock.advance(3_600_000)
    }
    expect(peer.requests).toHaveLength(3)
    expect(await states()).toEqual([])
  })

  test('escapes mentions and links, and keeps the limits of Slack', () => {
    const {
      stream: _,
      userKey: __,
      ...event
    } = eventOf({ title: '<!channel> & co', message: `<https://evil|x>${'é'.repeat(8_000)}` }, 0)
    const payload = slackPayload({ ...event, user: person('1', { fullName: '<@U1>' }), to: [], critical: false })
    const text = JSON.stringify(payload)
    expect(payload['text']).toContain('&lt;!channel&gt; &amp; co')
    expect(text).not.toMatch(/<https|<@U1/)
    const blocks = payload['blocks'] as Array<{ text?: { text: string } }>
    expect(blocks[1]?.text?.text.length).toBeLessThanOrEqual(3_000)
  })

  test('R4: a message without an answer is sent three times at most', async () => {
    const peer = await startHttpPeer(() => undefined)
    closing.push(peer)
    const transport = slack({ url: `${peer.url}/services/T0/B0/x`, timeoutMs: 100 })
    const { commit, outbound, clock, ...opened } = await openBench({ url: 'sqlite::memory:', transports: [transport] })
    closing.push(opened)
    await commit({}, { transport: 'slack' })
    for (let round = 0; round < 5; round += 1) {
      await outbound.runDue()
      clock.advance(3_600_000)
    }
    expect(peer.requests).toHaveLength(3)
    expect((await outbound.deliveries.list()).deliveries).toMatchObject([
      { state: 'dead', lastError: 'Maybe sent: Slack received the message and gave no answer.' },
    ])
  })

  const payloadOf = (title: string, message: string) => {
    const { stream: _, userKey: __, ...event } = eventOf({ title, message }, 0)
    const payload = slackPayload({ ...event, user: null, to: [], critical: false })
    const blocks = payload['blocks'] as Array<{ text?: { text: string } }>
    return { title: blocks[0]?.text?.text ?? '', message: blocks[1]?.text?.text ?? '', all: JSON.stringify(payload) }
  }

  test.each(['👩‍👩‍👧', '🇫🇷', 'e\u0301', '😀'])('R13: does not cut %s in half', (character) => {
    for (let before = 0; before < character.length; before += 1) {
      const text = 'x'.repeat(before) + character.repeat(2_000)
      const { title, message, all } = payloadOf(text, text)
      expect(title.replace(/^x*/, '').replaceAll(character, '')).toBe('…')
      expect(message.replace(/^x*/, '').replaceAll(character, '')).toBe('…')
      expect(title.length).toBeLessThanOrEqual(150)
      expect(message.length).toBeLessThanOrEqual(3_000)
      // A half of a pair would be written as an escape.
      expect(all).not.toMatch(/\\ud[89a-f]/)
    }
  })

  test.each(['&', '<', '>'])('R13: does not cut the entity of %s in half', (character) => {
    for (let before = 0; before < 6; before += 1) {
      const { message } = payloadOf('t', 'x'.repeat(before) + character.repeat(4_000))
      expect(message).toMatch(/^x*(?:&(?:amp|lt|gt);)+…$/)
      expect(message.length).toBeLessThanOrEqual(3_000)
      expect(message.length).toBeGreaterThan(2_990)
    }
  })

  test('reports a wrong URL with its source, without the URL itself', () => {
    expect(() => slack({ url: 'hooks.slack.com/services/T0/B0/secret' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })
})
