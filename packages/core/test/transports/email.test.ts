import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import { email, type EmailOptions } from '../../src/transports/channels/email/email.ts'
import { openBench, person, type BenchOptions } from './support/bench.ts'
import { refusal, startSmtpPeer } from './support/smtp-peer.ts'

const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

async function startSmtp(options: SMTPServerOptions = {}) {
  const peer = await startSmtpPeer(options)
  closing.push(peer)
  return peer
}

async function bench(url: string, options: Partial<EmailOptions> = {}, more: Partial<BenchOptions> = {}) {
  const transport = email({ url, from: 'Focus <hello@app.example>', ...options })
  const opened = await openBench({ url: 'sqlite::memory:', transports: [transport], chance: 0, ...more })
  closing.push(opened)
  return { ...opened, states: async () => (await opened.outbound.deliveries.list()).deliveries }
}

describe('email()', () => {
  test('sends text and HTML to the verified address, unsubscribable with one click', async () => {
    const { url, mails } = await startSmtp()
    const { commit, outbound, states } = await bench(
      url,
      {},
      {
        unsubscribeUrl: (message, transport) => `https://app.example/u?e=${message.event}&t=${transport}`,
        findPerson: async (key) => ({
          user: person(key, { email: 'alice@example.com', fullName: 'Ålice' }),
          reachable: true,
        }),
      },
    )
    await commit(
      {
        id: '01890000-0000-7000-8000-0000000000aa',
        offset: 3,
        title: 'Limite atteinte',
        message: 'Été <b> & co',
        event: 'limits',
      },
      { transport: 'email' },
    )
    await outbound.runDue()
    expect(await states()).toEqual([])
    const [mail] = mails
    expect(mail).toMatchObject({ from: 'hello@app.example', to: ['alice@example.com'] })
    const source = mail?.source.replace(/\r\n/g, '\n') ?? ''
    expect(source).toContain('Subject: Limite atteinte')
    expect(source).toContain('Message-ID: <01890000-0000-7000-8000-0000000000aa.3@app.example>')
    expect(source.replace(/\n\s+/g, ' ')).toContain('List-Unsubscribe: <https://app.example/u?e=limits&t=email>')
    expect(source).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click')
    expect(source).toContain('Auto-Submitted: auto-generated')
    expect(source).toContain('multipart/alternative')
    expect(source).toContain('text/plain')
    // Quoted-printable: "Été <b> & co" as text, and harmless as HTML.
    expect(source).toContain('=C3=89t=C3=A9 <b> & co')
    expect(source.replaceAll('=\n', '')).toContain('=C3=89t=C3=A9 &lt;b&gt; &amp; co')
  })

  test('uses the same Message-ID at every attempt, so that a mail that comes twice is one', async () => {
    let first = true
    const ids: string[] = []
    const { url } = await startSmtp({
      onData(stream, _session, done) {
        let source = ''
        stream.on('data', (chunk: Buffer) => (source += chunk.toString()))
        stream.on('end', () => {
          ids.push(/^Message-ID: (.*)$/m.exec(source)?.[1]?.trim() ?? '')
          done(first ? refusal(451) : null)
          first = false
        })
      },
    })
    const { commit, outbound, clock, states } = await bench(url)
    await commit({}, { transport: 'email' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'waiting', lastError: 'The mail server answered 451 to DATA.' }])
    clock.advance(60_000)
    await outbound.runDue()
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    expect(await states()).toEqual([])
  })

  test('parks a mail whose recipient does not exist, and tells a server that only refuses for now apart', async () => {
    const { url } = await startSmtp({
      onRcptTo: ({ address }, _session, done) => done(refusal(address.startsWith('user1@') ? 550 : 450)),
    })
    const { commit, outbound, states } = await bench(url)
    await commit({ userKey: '1', title: 'nobody' }, { transport: 'email' })
    await commit({ userKey: '2', title: 'busy' }, { transport: 'email' })
    await outbound.runDue()
    const found = new Map((await states()).map(({ title, state, lastError }) => [title, `${state}: ${lastError}`]))
    expect(Object.fromEntries(found)).toEqual({
      busy: 'waiting: The mail server answered 450 to RCPT TO.',
      nobody: 'dead: The mail server answered 550 to RCPT TO.',
    })
  })

  test('waits for a server that refuses the account rather than giving the mails up', async () => {
    const { url } = await startSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(refusal(535)),
    })
    const { commit, outbound, states } = await bench(url.replace('//', '//user:wrong-password@'))
    await commit({}, { transport: 'email' })
    await outbound.runDue()
    expect(await states()).toMatchObject([
      { state: 'waiting', lastError: expect.not.stringContaining('wrong-password') },
    ])
  })

  test('skips users without a verified address', async () => {
    const { url, mails } = await startSmtp()
    const { commit, outbound, states } = await bench(
      url,
      {},
      {
        findPerson: async (key) => ({
          user: person(key, { emailVerified: key === '3', email: key === '2' ? null : 'x@example.com' }),
          reachable: key !== '4',
        }),
      },
    )
    for (const userKey of ['1', '2', '3', '4']) await commit({ userKey }, { transport: 'email' })
    await outbound.runDue()
    expect(mails).toHaveLength(1)
    expect(await states()).toEqual([])
  })

  test('ends an attempt at a server that never answers', async () => {
    const { url } = await startSmtp({ onConnect: () => undefined })
    const { commit, outbound, states } = await bench(url, { timeoutMs: 200 })
    await commit({}, { transport: 'email' })
    await outbound.runDue()
    expect(await states()).toMatchObject([{ state: 'waiting', attempts: 1 }])
  })

  test('lets no header be smuggled in by a title', async () => {
    const { url, mails } = await startSmtp()
    const { commit, outbound } = await bench(url)
    await commit({ title: 'Hello\r\nBcc: victim@example.com' }, { transport: 'email' })
    await outbound.runDue()
    expect(mails[0]?.to).toEqual(['user1@example.com'])
    expect(mails[0]?.source.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m)
  })

  test('R11: an address that is named twice gets one mail', async () => {
    const { url, mails } = await startSmtp()
    const { commit, outbound } = await bench(url, {
      addresses: () => ['a@example.com', 'a@example.com', 'b@example.com'],
    })
    await commit({}, { transport: 'email' })
    await outbound.runDue()
    expect(mails.flatMap(({ to }) => to).toSorted()).toEqual(['a@example.com', 'b@example.com'])
  })

  test.each([
    ['fr_FR', 'fr'],
    ['FR-ca', 'fr'],
    ['en_GB.UTF-8', 'en'],
    ['no language', 'en'],
  ])('R19: writes to a user with the locale %j in %s', async (locale, language) => {
    const { url, mails } = await startSmtp()
    const findPerson = async (key: string) => ({ user: person(key, { locale }), reachable: true })
    const { commit, outbound } = await bench(url, {}, { findPerson })
    await commit({}, { transport: 'email' })
    await outbound.runDue()
    expect(mails[0]?.source).toContain(`<html lang=3D"${language}">`)
  })

  test('refuses settings that cannot work, without the password', () => {
    expect(() => email({ url: 'http://user:secret@mail.example', from: 'a@b.c' })).toThrow(
      /url is not the address of a mail server/,
    )
    expect(() => email({ url: 'smtp://mail.example', from: 'nobody' })).toThrow(/not an address/)
  })
})
