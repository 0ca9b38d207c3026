import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { FocusError } from '../../common/errors.ts'
import { originForm, pathOf } from '../../net/request-target.ts'
import { problemDocument } from '../../wire/problem.ts'
import { type Credentials, findCredentials } from './credentials.ts'
import { maxTopicLength } from '../protocol/actions.ts'
import type { ResumeRequest } from '../delivery/resume.ts'
import { TopicFilter } from '../delivery/topic-filter.ts'

/** The subprotocol that is selected when it is offered. */
export const subprotocol = 'focus.v1'

/** What an upgrade brought, without the request itself: keeping that alive would cost kilobytes per connection. */
export interface Opening {
  readonly credentials: Credentials | null
  readonly subprotocols: readonly string[]
  readonly filter: TopicFilter
  readonly resume: ResumeRequest | null
}

/** @throws FocusError as `filterOf` */
export function readOpening(request: IncomingMessage, query: URLSearchParams, topicsLimit: number): Opening {
  return {
    credentials: findCredentials(request.headers.authorization, query),
    subprotocols: offeredProtocols(request),
    filter: filterOf(query, topicsLimit),
    resume: resumeOf(query),
  }
}

/** Splits the target of a request; null when it is not a path. A slash at the end does not count, as on the routes. */
export function parseTarget(target: string | undefined): { path: string; query: URLSearchParams } | null {
  if (target === undefined) return null
  const path = originForm(target)
  if (!path.startsWith('/')) return null
  const mark = path.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1))
  return { path: pathOf(path).replace(/\/$/, ''), query }
}

/** Where the client stopped, from `epoch`, `offset`, `all_offset` and `last_id`; null when it does not ask to resume. */
export function resumeOf(query: URLSearchParams): ResumeRequest | null {
  const epoch = query.get('epoch')
  const offset = offsetOf(query.get('offset'))
  const allOffset = offsetOf(query.get('all_offset'))
  if (epoch === null || (offset === null && allOffset === null)) return null
  return { epoch, offset, allOffset, lastId: query.get('last_id') || null }
}

/**
 * The topics of `?events=a,b`, or of `?events=a&events=b`.
 *
 * @throws FocusError `invalid_request` for more topics than a connection may have, or a longer one than there can be
 */
export function filterOf(query: URLSearchParams, topicsLimit: number): TopicFilter {
  const events = query.getAll('events')
  if (events.length === 0) return TopicFilter.everything
  const topics = new Set(events.flatMap((list) => list.split(',')).filter((topic) => topic !== ''))
  if (topics.size > topicsLimit) {
    throw new FocusError('invalid_request', `events: ${topics.size} topics are more than the ${topicsLimit} allowed.`, {
      hint: 'Name fewer, or leave events out and filter in the client.',
    })
  }
  for (const topic of topics) {
    if (topic.length <= maxTopicLength) continue
    throw new FocusError('invalid_request', `events: a topic has at most ${maxTopicLength} characters.`, {
      hint: 'Separate topics by commas.',
    })
  }
  return TopicFilter.everything.subscribe([...topics])
}

/** Answers an upgrade over plain HTTP with a problem (RFC 9457) and closes the socket. */
export function refuseUpgrade(socket: Duplex, error: FocusError): void {
  const body = JSON.stringify(problemDocument(error))
  const headers = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    // RFC 6455 §4.4: for a client of another version.
    'Sec-WebSocket-Version: 13',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(error.status === 405 ? ['Allow: GET'] : []),
    ...(error.retryAfterSeconds === undefined ? [] : [`Retry-After: ${error.retryAfterSeconds}`]),
  ]
  endUpgrade(socket, `${headers.join('\r\n')}\r\n\r\n${body}`)
}

/** How long a client may take to receive the answer to an upgrade that nobody takes. */
const goodbyeTimeoutMs = 5_000

/** Sends a last answer and destroys the socket, also of a client that takes nothing and closes nothing. */
export function endUpgrade(socket: Duplex, answer: string): void {
  const destroy = () => socket.destroy()
  const timer = setTimeout(destroy, goodbyeTimeoutMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
  socket.on('error', destroy)
  socket.once('finish', destroy)
  socket.end(answer)
}

/** Another version of the protocol than RFC 6455's (§4.2.1, §4.4), of which `ws` takes an older one too. */
export function versionRefusal({ headers }: IncomingMessage): FocusError | null {
  const version = headers['sec-websocket-version']
  if (version === undefined || version === '13') return null
  return new FocusError(
    'upgrade_required',
    `Version ${version.slice(0, 20)} of the WebSocket protocol is not spoken here.`,
    {
      hint: 'Connect with Sec-WebSocket-Version: 13.',
    },
  )
}

/** The same for what is no handshake of a WebSocket (RFC 6455 §4.1), as `ws` finds. */
export function refuseHandshake(error: Error, socket: Duplex, { method }: IncomingMessage): void {
  const code = method === 'GET' ? 'invalid_request' : 'method_not_allowed'
  refuseUpgrade(socket, new FocusError(code, `${error.message}.`, { hint: 'Connect with a WebSocket client.' }))
}

/** The protocols that an upgrade offers. */
function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map((name) => name.trim())
}

function offsetOf(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null
  const offset = Number(text)
  return Number.isSafeInteger(offset) ? offset : null
}
