import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FocusError } from '../errors.ts'
import type { ResumeRequest } from './resume.ts'
import { TopicFilter } from './topic-filter.ts'

/** The subprotocol that is selected when it is offered. */
export const subprotocol = 'focus.v1'

/** Splits the target of a request; null when it is not a path. A slash at the end does not count, as on the routes. */
export function parseTarget(target: string | undefined): { path: string; query: URLSearchParams } | null {
  if (target === undefined || !target.startsWith('/')) return null
  const mark = target.indexOf('?')
  const path = (mark < 0 ? target : target.slice(0, mark)).replace(/\/$/, '')
  return { path, query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) }
}

/** Where the client stopped, from `epoch`, `offset`, `all_offset` and `last_id`; null when it does not ask to resume. */
export function resumeOf(query: URLSearchParams): ResumeRequest | null {
  const epoch = query.get('epoch')
  const offset = offsetOf(query.get('offset'))
  const allOffset = offsetOf(query.get('all_offset'))
  if (epoch === null || (offset === null && allOffset === null)) return null
  return { epoch, offset, allOffset, lastId: query.get('last_id') || null }
}

/** The topics of `?events=a,b`, or of `?events=a&events=b`. */
export function filterOf(query: URLSearchParams, topicsLimit: number): TopicFilter {
  const events = query.getAll('events')
  if (events.length === 0) return TopicFilter.everything
  const topics = events.flatMap((list) => list.split(',')).filter((topic) => topic.length > 0 && topic.length <= 191)
  return TopicFilter.everything.subscribe(topics.slice(0, topicsLimit))
}

/** Answers an upgrade over plain HTTP with a problem (RFC 9457) and closes the socket. */
export function refuseUpgrade(socket: Duplex, error: FocusError): void {
  const body = JSON.stringify({
    type: `urn:focus:problem:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.hint !== undefined && { hint: error.hint }),
  })
  const headers = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(error.retryAfterSeconds === undefined ? [] : [`Retry-After: ${error.retryAfterSeconds}`]),
  ]
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`)
}

/** The protocols that an upgrade offers. */
export function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map((name) => name.trim())
}

function offsetOf(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null
  const offset = Number(text)
  return Number.isSafeInteger(offset) ? offset : null
}
