import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { round } from '../statistics.ts'

/**
 * Compares the cost of a refusal with the cost of the refused operation, in CPU microseconds per request over one keep-alive
 * connection. It measures CPU, not time, because the client runs on the same machine.
 *
 *     npm --prefix bench run refusals -- [requests]
 */
const count = Number(process.argv[2] ?? 5_000)

interface Kind {
  readonly name: string
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly authorization?: () => string
  readonly body?: string
  /** Whether the requests come from an exempt address. */
  readonly exempt?: boolean
  /** Status of most answers. */
  readonly status: number
}

const server = fork(new URL('refusals-server.ts', import.meta.url))
const [{ port, tokens, adminKey }] = (await once(server, 'message')) as [
  { port: number; tokens: readonly string[]; adminKey: string },
]
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const bearer = (token: string) => () => `Bearer ${token}`
const forged = () => {
  const part = (value: string | Buffer) => Buffer.from(value).toString('base64url')
  const header = part('{"alg":"EdDSA","typ":"at+jwt","kid":"k"}')
  return `Bearer ${header}.${part(`{"sub":"1","jti":"${randomBytes(8).toString('hex')}"}`)}.${part(randomBytes(64))}`
}
const read = { method: 'POST', path: '/notifications/read', body: '{"ids":["0198"]}' } as const

const kinds: readonly Kind[] = [
  { name: 'served: health', path: '/health', status: 200 },
  { name: 'served: me', path: '/auth/me', authorization: bearer(tokens[0] ?? ''), status: 200 },
  { name: 'served: mark as read', ...read, authorization: bearer(tokens[0] ?? ''), status: 200 },
  {
    name: 'looked at: unknown refresh tokens',
    method: 'POST',
    path: '/auth/refresh',
    body: '{"refresh_token":"unknown"}',
    status: 400,
  },
  { name: 'looked at: forged tokens', path: '/auth/me', authorization: forged, status: 401, exempt: true },
  { name: 'refused: no token', path: '/auth/me', status: 401 },
  { name: 'refused: user over budget', ...read, authorization: bearer(tokens[1] ?? ''), status: 429 },
  { name: 'refused: event stream without a token', path: '/notifications/stream', status: 401 },
  { name: 'refused: admin route without a key', path: '/metrics', status: 401 },
  { name: 'served: admin route', path: '/admin/client', authorization: bearer(adminKey), status: 200 },
  {
    name: 'refused: wrong admin keys',
    path: '/metrics',
    authorization: () => `Bearer ${randomBytes(24).toString('hex')}`,
    status: 429,
  },
  {
    name: 'refused: refresh over budget',
    method: 'POST',
    path: '/auth/refresh',
    body: '{"refresh_token":"x"}',
    status: 429,
  },
  { name: 'refused: forged tokens', path: '/auth/me', authorization: forged, status: 429 },
]

const rows = []
for (const kind of kinds) {
  await flood(kind, 500)
  const before = await cpu()
  const statuses = await flood(kind, count)
  const microseconds = ((await cpu()) - before) / count
  rows.push({ kind: kind.name, 'CPU µs': round(microseconds), answered: JSON.stringify(Object.fromEntries(statuses)) })
}
console.table(rows)
agent.destroy()
server.disconnect()

async function flood(kind: Kind, requests: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  let left = requests
  const lane = async () => {
    while (left > 0) {
      left -= 1
      const status = await ask(kind)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return statuses
}

async function ask({ method = 'GET', path, authorization, body, status, exempt }: Kind): Promise<number> {
  // Each kind has its own address. Served requests come from an exempt address.
  const address = exempt === true || status === 200 || status === 400 ? '127.0.0.2' : `203.0.113.${path.length}`
  const sent = request({
    port,
    host: '127.0.0.1',
    agent,
    method,
    path: `/api${path}`,
    headers: {
      'x-forwarded-for': address,
      ...(authorization && { authorization: authorization() }),
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': body.length }),
    },
  })
  sent.end(body)
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
  return Number(response.statusCode)
}

async function cpu(): Promise<number> {
  server.send('cpu')
  const [{ microseconds }] = (await once(server, 'message')) as [{ microseconds: number }]
  return microseconds
}
