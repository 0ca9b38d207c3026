import { randomBytes } from 'node:crypto'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { failed, type Finding, ok, reasonOf, skipped } from './finding.ts'

const TIMEOUT_MS = 10_000

const proxyFix = `Let the reverse proxy pass upgrades on, in nginx:
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
(\`focus init nginx\` writes it.)`

/** Checks that a WebSocket can be opened: the guide's "connection refused". */
export async function checkUpgrade(base: string, signal: AbortSignal): Promise<Finding> {
  const check = 'websocket'
  const url = `${base}/ws/notifications`
  let answer: { status: number; code: string | null; server: string }
  try {
    answer = await upgrade(url, signal)
  } catch (error) {
    return failed(check, `${url} cannot be reached: ${reasonOf(error)}.`, 'Check the address and the reverse proxy.')
  }
  const { status, code, server } = answer
  if (status === 101) return ok(check, 'a WebSocket can be opened')
  if (code === 'websocket_disabled') {
    return failed(check, 'The WebSocket is disabled.', 'Set WEBSOCKET_ENABLED=True where the server runs.')
  }
  if (code === 'upgrade_required') {
    return failed(
      check,
      `The upgrade was lost on the way (HTTP ${status}): the server received a plain request.`,
      proxyFix,
    )
  }
  if (code === 'origin_not_allowed') {
    return failed(check, 'The server refuses this origin.', 'Add it to FOCUS_ALLOWED_ORIGINS.')
  }
  if (code !== null)
    return failed(check, `The server refuses the connection (HTTP ${status}, ${code}).`, 'Check its log.')
  const who = server === '' ? 'A proxy or firewall' : server
  return failed(check, `${who} answers HTTP ${status} instead of the server.`, proxyFix)
}

/** Sends the opening handshake of RFC 6455 §4.1 and returns the answer. */
function upgrade(url: string, signal: AbortSignal): Promise<{ status: number; code: string | null; server: string }> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  }
  const options = { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) }
  return new Promise((resolve, reject) => {
    const request: ClientRequest = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options)
    request.on('error', reject)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 101, code: null, server: '' })
    })
    request.on('response', (response) => {
      readCode(response).then(
        (code) => resolve({ status: response.statusCode ?? 0, code, server: String(response.headers.server ?? '') }),
        reject,
      )
    })
    request.end()
  })
}

async function readCode(response: IncomingMessage): Promise<string | null> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  try {
    const problem: unknown = JSON.parse(text)
    const code: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'code') : null
    return typeof code === 'string' ? code : null
  } catch {
    return null
  }
}

export interface IdleCheck {
  readonly base: string
  /** Null when no user has signed in: the connection then lives for ten seconds only. */
  readonly token: string | null
  readonly signal: AbortSignal
  /** Called with the maximum wait in seconds. */
  readonly onWait: (seconds: number) => void
}

/** Close code of connections that do not authenticate within ten seconds. */
const NO_AUTHENTICATION = 4502
const MAX_WAIT_SECONDS = 90

/** Checks that a silent connection lives until its heartbeat: the guide's "frequent disconnections". */
export async function checkIdle({ base, token, signal, onWait }: IdleCheck): Promise<Finding> {
  const check = 'websocket.idle'
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws/notifications`)
  const { promise, resolve } = Promise.withResolvers<Finding>()
  let heartbeatSeconds: number | null = null
  let silentSince = performance.now()
  let patience = setTimeout(() => resolve(skipped(check, 'the server sent nothing')), 15_000)
  const stop = () => resolve(skipped(check, 'interrupted'))
  signal.addEventListener('abort', stop, { once: true })
  socket.addEventListener('open', () => {
    silentSince = performance.now()
    if (token !== null) socket.send(JSON.stringify({ action: 'auth', token }))
  })
  socket.addEventListener('message', ({ data }) => {
    const message = parse(data)
    silentSince = performance.now()
    if (message.type === 'heartbeat') resolve(ok(check, `it stays open until the heartbeat (${heartbeatSeconds} s)`))
    if (message.type !== 'connection' || typeof message.heartbeat_interval !== 'number') return
    heartbeatSeconds = message.heartbeat_interval
    const waitSeconds = Math.min(heartbeatSeconds + 5, MAX_WAIT_SECONDS)
    onWait(waitSeconds)
    clearTimeout(patience)
    patience = setTimeout(
      () => resolve(ok(check, `it stays open for ${waitSeconds} s without traffic`)),
      waitSeconds * 1000,
    )
  })
  socket.addEventListener('error', () => undefined)
  socket.addEventListener('close', ({ code }) => {
    const seconds = (performance.now() - silentSince) / 1000
    if (code === NO_AUTHENTICATION)
      resolve(ok(check, 'it stays open for 10 s; sign in once for a check up to the heartbeat'))
    else resolve(closed(code, seconds, heartbeatSeconds))
  })
  try {
    return await promise
  } finally {
    clearTimeout(patience)
    signal.removeEventListener('abort', stop)
    socket.close()
  }
}

function closed(code: number, seconds: number, heartbeatSeconds: number | null): Finding {
  const after = `after ${seconds.toFixed(1)} s of silence`
  if (code !== 1006 && code !== 1005) {
    return failed('websocket.idle', `The server closed the connection (${code}) ${after}.`, 'Check its log.')
  }
  const heartbeat = heartbeatSeconds === null ? '' : `, before the heartbeat that comes every ${heartbeatSeconds} s`
  const longer = Math.max(75, 2 * (heartbeatSeconds ?? 30))
  return failed(
    'websocket.idle',
    `A proxy or firewall cut the connection ${after}${heartbeat}.`,
    `Raise the idle time-out of the reverse proxy above the heartbeat (nginx: proxy_read_timeout ${longer}s;), or lower WEBSOCKET_HEARTBEAT_INTERVAL below ${Math.max(1, Math.floor(seconds))}.`,
  )
}

function parse(data: unknown): { readonly type?: unknown; readonly heartbeat_interval?: unknown } {
  try {
    const value: unknown = JSON.parse(String(data))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
