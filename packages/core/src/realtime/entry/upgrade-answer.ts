import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { FocusError } from '../../common/errors.ts'

/** RFC 6455 §1.3. */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in base64. */
const keyForm = /^[+/0-9A-Za-z]{22}==$/
/** A token of HTTP (RFC 9110 §5.6.2). */
const tokenForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Returns the error for a request that is not the opening handshake of a WebSocket (RFC 6455 §4.2.1). */
export function handshakeRefusal({ method, headers }: IncomingMessage): FocusError | null {
  if (method !== 'GET') return refusal('The method of a WebSocket handshake is GET.', 'method_not_allowed')
  if (headers.upgrade?.toLowerCase() !== 'websocket') return refusal('The header Upgrade is not "websocket".')
  if (!keyForm.test(headers['sec-websocket-key'] ?? '')) return refusal('The header Sec-WebSocket-Key is not a key.')
  if (headers['sec-websocket-version'] === undefined) return refusal('The header Sec-WebSocket-Version is missing.')
  const offered = headers['sec-websocket-protocol']
  if (offered !== undefined && !areProtocols(offered))
    return refusal('The header Sec-WebSocket-Protocol is not a list of different names.')
  return null
}

/** Returns the answer that accepts a handshake. `subprotocol` is the selected one, or undefined when none was offered. */
export function upgradeAnswer(request: IncomingMessage, subprotocol: string | undefined): string {
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}${guid}`, 'base64')
  const selected = subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${selected}\r\n`
}

function areProtocols(header: string): boolean {
  const names = header.split(',').map((name) => name.trim())
  return names.every((name) => tokenForm.test(name)) && new Set(names).size === names.length
}

function refusal(message: string, code: 'invalid_request' | 'method_not_allowed' = 'invalid_request'): FocusError {
  return new FocusError(code, message, { hint: 'Connect with a WebSocket client.' })
}
