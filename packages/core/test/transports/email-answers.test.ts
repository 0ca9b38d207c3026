import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { email, type EmailOptions } from '../../src/transports/channels/email/email.ts'
import { openBench } from './support/bench.ts'
import { refusal, startSmtpPeer } from './support/smtp-peer.ts'

const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

async function bench(options: SMTPServerOptions, settings: Partial<EmailOptions> = {}, account = '') {
  const peer = await startSmtpPeer(options)
  closing.push(peer)
  const url = peer.url.replace('//', `//${account}`)
  const transport = email({ url, from: 'Focus <hello@app.example>', ...settings })
  const opened = await openBench({ url: 'sqlite::memory:', transports: [transport], chance: 0 })
  closing.push(opened)
  return { ...opened, peer, states: async () => (await opened.outbound.deliveries.list()).deliveries }
}

/** Reads the whole mail, then leaves the answer to the test. */
function answering(whenRead: (done: (error?: Error) => void) => void): Pick<SMTPServerOptions, 'onData'> {
  return {
    onData(stream, _session, done) {
      stream.resume()
      stream.on('end', () => whenRead((error) => done(error)))
    },
  }
}

test('R4: an answer that takes longer than an attempt is waited for, and the lease with it', async () => {
  let read = 0
  let answer: () => void = () => undefined
  const { commit, outbound, clock, states } = await bench(
    answering((done) => {
      read += 1
      answer = () => done()
    }),
    { timeoutMs: 300, answerTimeoutMs: 60_000 },
  )
  await commit({}, { transport: 'email' })
  const delivering = outbound.runDue()
  await expect.poll(() => read).toBe(1)
  await expect.poll(async () => (await states())[0]?.dueAt ?? 0).toBeGreaterThan(clock() + 60_000)
  // Real time: the server is slower than the attempt may be.
  setTimeout(() => answer(), 900)
  await delivering
  expect(await states()).toEqual([])
  expect(read).toBe(1)
})

test('R4: a mail that is not answered for may have arrived: it is parked, and not sent again by itself', async () => {
  let read = 0
  const { commit, outbound, clock, states } = await bench(
    answering(() => (read += 1)),
    { timeoutMs: 5_000, answerTimeoutMs: 200 },
  )
  await commit({}, { transport: 'email' })
  await outbound.runDue()
  const [parked] = await states()
  expect(parked).toMatchObject({
    state: 'dead',
    lastError: 'Maybe sent: no answer within 200 ms after the whole mail was sent.',
  })
  clock.advance(86_400_000)
  await outbound.runDue()
  expect(read).toBe(1)
  const { body } = await outbound.metrics.after(Promise.resolve({ contentType: '', body: '' }))
  expect(body).toContain('focus_outbox_failures_total{transport="email",outcome="dead",reason="uncertain"} 1')
  await outbound.deliveries.retry({ ids: [parked?.id ?? 0] })
  await outbound.runDue()
  expect(read).toBe(2)
})

test('R4: a connection that is cut after the whole mail was sent leaves it parked too', async () => {
  let read = 0
  const { commit, outbound, peer, states } = await bench(
    answering(() => {
      read += 1
      peer.cut()
    }),
  )
  await commit({}, { transport: 'email' })
  await outbound.runDue()
  expect(await states()).toMatchObject([{ state: 'dead', lastError: expect.stringMatching(/^Maybe sent: /) }])
  expect(read).toBe(1)
})

test('R4: a refusal after the whole mail was sent is certain: it is tried again', async () => {
  const { commit, outbound, states } = await bench(answering((done) => done(refusal(451, '4.3.0 later'))))
  await commit({}, { transport: 'email' })
  await outbound.runDue()
  expect(await states()).toMatchObject([{ state: 'waiting', lastError: 'The mail server answered 451 4.3.0 to DATA.' }])
})

/** Where in the session the server refuses. */
const hooks = {
  auth: (error: Error): SMTPServerOptions => ({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(error),
  }),
  sender: (error: Error): SMTPServerOptions => ({ onMailFrom: (_address, _session, done) => done(error) }),
  recipient: (error: Error): SMTPServerOptions => ({ onRcptTo: (_address, _session, done) => done(error) }),
  content: (error: Error): SMTPServerOptions => answering((done) => done(error)),
} as const

test.each([
  // About us: our account, our address, our quota, our server. RFC 5321 §4.2.3, RFC 4954 §6, RFC 3463 §3.
  ['auth', 535, '5.7.8 bad credentials', 'waiting'],
  ['auth', 530, '5.7.0 authenticate first', 'waiting'],
  ['sender', 530, '5.7.0 authenticate first', 'waiting'],
  ['sender', 550, 'we do not know your domain', 'waiting'],
  ['sender', 553, '5.1.8 bad sender', 'waiting'],
  ['sender', 552, '5.2.2 your mailbox is full', 'waiting'],
  ['sender', 550, '5.4.5 daily sending quota exceeded', 'waiting'],
  ['recipient', 550, '5.4.5 daily sending quota exceeded', 'waiting'],
  ['recipient', 550, '5.7.1 relaying denied', 'waiting'],
  ['recipient', 554, '5.7.1 your address is blocked', 'waiting'],
  ['recipient', 530, 'authenticate first', 'waiting'],
  ['recipient', 550, '5.1.7 bad sender', 'waiting'],
  ['recipient', 552, '5.2.2 mailbox full', 'waiting'],
  ['recipient', 503, '5.5.1 bad sequence', 'waiting'],
  ['content', 550, '5.4.5 daily sending quota exceeded', 'waiting'],
  ['content', 554, '5.7.1 policy', 'waiting'],
  // About the recipient, or about the mail itself.
  ['recipient', 550, 'no such user', 'dead'],
  ['recipient', 550, '5.0.0 no such user', 'dead'],
  ['recipient', 550, '5.1.1 no such user', 'dead'],
  ['recipient', 551, '5.1.6 moved', 'dead'],
  ['recipient', 553, '5.1.3 no address', 'dead'],
  ['recipient', 556, '5.1.10 null MX', 'dead'],
  ['recipient', 550, '5.2.1 mailbox closed', 'dead'],
  ['content', 552, '5.3.4 too big', 'dead'],
  ['content', 554, '5.6.0 content refused', 'dead'],
  ['content', 550, 'refused', 'dead'],
] as const)('R10: refused at %s with %i %s is %s', async (hook, code, said, state) => {
  const { commit, outbound, states } = await bench(
    hooks[hook](refusal(code, said)),
    {},
    hook === 'auth' ? 'user:password@' : '',
  )
  await commit({}, { transport: 'email' })
  await outbound.runDue()
  expect(await states()).toMatchObject([{ state, lastError: expect.stringContaining(String(code)) }])
})
