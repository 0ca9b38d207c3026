import type { IncomingMessage, ServerResponse } from 'node:http'
import { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { type Focus, FocusError } from '@focus-api/core'
import { type Answer, originForm, problem } from '@focus-api/core/internal'

/** Methods that a fetch `Request` cannot have (Fetch Standard, forbidden methods). */
const forbiddenMethods = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** How long a connection is kept for a body that is not read any more. */
const graceMs = 2_000

/**
 * Has Focus answer a Node request for one of its routes: with a refusal that is ready to be sent, for which nothing was built,
 * or with a `Response`. Never rejects.
 */
export async function answerFor(
  focus: Focus,
  req: IncomingMessage,
  res: ServerResponse,
  target: string,
  parsedBody?: unknown,
): Promise<Answer | Response> {
  const method = req.method ?? 'GET'
  const path = originForm(target)
  if (forbiddenMethods.has(method.toUpperCase())) {
    return problem(new FocusError('method_not_allowed', `${method} is answered nowhere here.`))
  }
  const { remoteAddress } = req.socket
  const admission = focus.admit({ method, target: path, headers: req.headers, remoteAddress })
  cutSlowBody(req, admission.refusal === null ? admission.bodyTimeoutMs + graceMs : graceMs)
  if (admission.refusal !== null) return admission.refusal
  const info = remoteAddress === undefined ? { admission } : { admission, remoteAddress }
  return focus.fetch(toRequest(req, res, path, parsedBody), info)
}

/**
 * Ends a connection whose request body does not arrive in time: Node's own time-out is minutes, and is the host's to set. Nothing
 * else ends one whose request was answered before its body was there.
 */
function cutSlowBody(req: IncomingMessage, timeoutMs: number): void {
  if (req.complete || !mayHaveBody(req)) return
  const timer = setTimeout(() => req.destroy(), timeoutMs)
  timer.unref()
  req.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
/** HTTP/2 marks a body by no header. */
function mayHaveBody({ method, headers, httpVersionMajor }: IncomingMessage): boolean {
  if (httpVersionMajor >= 2) return method !== 'GET' && method !== 'HEAD'
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/**
 * A Node request as a fetch `Request`. The origin of its URL is a constant: `Host` and `X-Forwarded-*` are the client's to
 * forge and decide nothing. A body that the host already parsed is used when the stream was read.
 */
function toRequest(
  req: IncomingMessage,
  res: ServerResponse,
  target: string,
  parsedBody: unknown = Reflect.get(req, 'body'),
): Request {
  const method = req.method ?? 'GET'
  const abort = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) abort.abort()
  })
  const init: RequestInit & { duplex?: 'half' } = { method, headers: toHeaders(req), signal: abort.signal }
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = bodyOf(req, res, parsedBody)
    init.duplex = 'half'
  }
  return new Request(new URL(target.startsWith('/') ? target : '/', 'http://localhost'), init)
}

function toHeaders(req: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one)
  }
  return headers
}

function bodyOf(req: IncomingMessage, res: ServerResponse, parsed: unknown): BodyInit {
  if (!req.readableDidRead) return unread(req, res)
  if (typeof parsed === 'string') return parsed
  if (parsed instanceof Uint8Array) return new Uint8Array(parsed)
  if (typeof parsed !== 'object' || parsed === null) return ''
  const form = req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  return form ? new URLSearchParams(Object.entries(parsed).map(([k, v]) => [k, String(v)])) : JSON.stringify(parsed)
}

/**
 * The body as it comes, taken off the connection only as far as somebody reads. What a refusal left of it is dropped once the
 * answer is out: the next request of a connection that is kept comes behind it.
 */
function unread(req: IncomingMessage, res: ServerResponse): ReadableStream<Uint8Array> {
  res.once('finish', () => req.resume())
  return NodeReadableStream.from(req.iterator({ destroyOnReturn: false })) as ReadableStream<Uint8Array>
}
