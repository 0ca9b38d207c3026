import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { endUpgrade } from '@focus-api/core/internal'

const STATUS = 421

const headers = {
  'content-type': 'application/problem+json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** Answers a request for another host (RFC 9110 §15.5.20). */
export function answerMisdirected(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(STATUS, headers).end(bodyFor(request))
}

/** Answers an upgrade for another host, and ends its connection. */
export function refuseMisdirected(request: IncomingMessage, socket: Duplex): void {
  const body = bodyFor(request)
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' })
  endUpgrade(
    socket,
    `HTTP/1.1 ${STATUS} Misdirected Request\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n${body}`,
  )
}

function bodyFor({ headers: { host = '' } }: IncomingMessage): string {
  return JSON.stringify({
    type: 'about:blank',
    title: 'Misdirected request',
    status: STATUS,
    detail: `This development server does not answer for ${JSON.stringify(host)}.`,
    code: 'host_not_allowed',
    hint: 'Use localhost, or start the server with FOCUS_PUBLIC_URL set to the address in use.',
  })
}
