import { afterEach, expect, test } from 'vitest'
import { email, type EmailOptions } from '../../src/transports/channels/email/email.ts'
import { type BenchOptions, openBench, person } from './support/bench.ts'
import { startSmtpPeer } from './support/smtp-peer.ts'

const closing: Array<{ close(): Promise<void> }> = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

/** Sends one mail and returns the headers that arrived, unfolded, by their names in lower case. */
async function headersOf(
  event: { title: string; fullName?: string },
  options: Partial<EmailOptions> = {},
  more: Partial<BenchOptions> = {},
): Promise<{ headers: Map<string, string>; raw: string; to: string[] }> {
  const peer = await startSmtpPeer()
  closing.push(peer)
  const bench = await openBench({
    url: 'sqlite::memory:',
    transports: [email({ url: peer.url, from: 'Focus <hello@app.example>', ...options })],
    findPerson: async (key) => ({ user: person(key, { fullName: event.fullName ?? null }), reachable: true }),
    ...more,
  })
  closing.push(bench)
  await bench.commit({ title: event.title }, { transport: 'email' })
  await bench.outbound.runDue()
  expect((await bench.outbound.deliveries.list()).deliveries).toEqual([])
  const raw = peer.mails[0]?.source.split('\r\n\r\n')[0] ?? ''
  const lines = raw.replace(/\r\n[ \t]/g, ' ').split('\r\n')
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { headers, raw, to: peer.mails[0]?.to ?? [] }
}

/** Decodes a header as a mail reader does (RFC 2047): white space between encoded words is ignored. */
function shown(header = ''): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
      encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('latin1') : unquote(text),
    )
    .replace(/[\x80-\xff]+/g, (bytes) => Buffer.from(bytes, 'latin1').toString())
}

function unquote(text: string): string {
  return text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

test.each([
  ['=?utf-8?q?Your_password_was_changed?=', 'plain ASCII'],
  ['=?utf-8?B?SGVsbG8=?= and more', 'a part of it'],
  ['=?UTF-8?q?a?= 👩‍👩‍👧 é', 'with characters beyond ASCII'],
  [`=?utf-8?q?x?= ${'long 👩‍👩‍👧 '.repeat(20)}`.trim(), 'longer than a line'],
])('R14: a title that looks like an encoded word is shown as it was typed: %s (%s)', async (title) => {
  const { headers, raw } = await headersOf({ title })
  expect(shown(headers.get('subject'))).toBe(title)
  expect(raw).toMatch(/^[\x20-\x7e\r\n\t]*$/)
  for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78)
})

test('R13: a long title of emoji and accents arrives whole', async () => {
  const title = '👩‍👩‍👧 e\u0301 🇫🇷 '.repeat(12).trim()
  const { headers, raw } = await headersOf({ title })
  expect(shown(headers.get('subject'))).toBe(title)
  expect(raw).toMatch(/^[\x20-\x7e\r\n\t]*$/)
})

test('R14: a name that looks like an encoded word is shown as it was typed, to the same address', async () => {
  const fullName = '=?utf-8?q?Security_Team?= <x@y>'
  const { headers, to } = await headersOf({ title: 'Hello', fullName })
  expect(shown(headers.get('to')).replace('\u2060', '')).toBe(`${fullName} <user1@example.com>`)
  expect(headers.get('to')).not.toContain('"')
  expect(to).toEqual(['user1@example.com'])
})

test('R14: other names stay as they were, quoted or encoded by nodemailer', async () => {
  expect((await headersOf({ title: 'Hello', fullName: 'Doe, Jane' })).headers.get('to')).toBe(
    '"Doe, Jane" <user1@example.com>',
  )
  expect(shown((await headersOf({ title: 'Hello', fullName: 'Zoë 👋' })).headers.get('to'))).toBe(
    'Zoë 👋 <user1@example.com>',
  )
})

test('R14: the domains of the sender are ASCII in every header', async () => {
  const { headers, raw } = await headersOf({ title: 'Hello' }, { from: 'Été <bonjour@exämple.fr>' })
  expect(headers.get('message-id')).toMatch(/^<[0-9a-f-]+\.\d+@xn--exmple-cua\.fr>$/)
  expect(headers.get('from')).toContain('<bonjour@xn--exmple-cua.fr>')
  expect(raw).toMatch(/^[\x20-\x7e\r\n\t]*$/)
})

test('R14: a non-ASCII unsubscribe address becomes an ASCII URL, and an invalid one is left out', async () => {
  const unsubscribe = (url: string) => headersOf({ title: 'Hello' }, { unsubscribe: () => url })
  const { headers } = await unsubscribe('https://exämple.fr/désabonner?u=<1>')
  expect(headers.get('list-unsubscribe')).toBe('<https://xn--exmple-cua.fr/d%C3%A9sabonner?u=%3C1%3E>')
  const none = await unsubscribe('not a URL')
  expect(none.headers.has('list-unsubscribe')).toBe(false)
  expect(none.headers.has('list-unsubscribe-post')).toBe(false)
})

test('R14: a sender without a domain is refused', () => {
  for (const from of ['nobody', 'nobody@', 'Focus <hello@>', 'hello@exa mple.fr']) {
    expect(() => email({ url: 'smtp://127.0.0.1', from }), from).toThrow(/is not an address/)
  }
})
