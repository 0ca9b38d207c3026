import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FocusError } from '../../common/errors.ts'
import { problemDocument } from '../../wire/problem.ts'

/** Answers an upgrade with a problem (RFC 9457) over plain HTTP and closes the socket. */
export function refuseUpgrade(socket: Duplex, error: FocusError): void {
  const body = JSON.stringify(problemDocument(error))
  const headers = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    // Tells clients of another version which one is supported (RFC 6455 §4.4).
    'Sec-WebSocket-Version: 13',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(error.status === 405 ? ['Allow: GET'] : []),
    ...(error.retryAfterSeconds === undefined ? [] : [`Retry-After: ${error.retryAfterSeconds}`]),
  ]
  endUpgrade(socket, `${headers.join('\r\n')}\r\n\r\n${body}`)
}

/** How long a client may take to receive the answer to a refused upgrade. */
const goodbyeTimeoutMs = 5_000

/** Sends a last answer and destroys the socket, at the latest after 5 seconds. */
export function endUpgrade(socket: Duplex, answer: string): void {
  const destroy = () => socket.destroy()
  const timer = setTimeout(destroy, goodbyeTimeoutMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
  socket.on('error', destroy)
  socket.once('finish', destroy)
  socket.end(answer)
}
