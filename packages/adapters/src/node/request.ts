import type { IncomingMessage, ServerResponse } from 'node:http'
import { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { type Focus, FocusError } from '@focus-api/core'
import { type Answer, originForm, problem } from '@focus-api/core/internal'

/** Methods that a fetch `Request` cannot have (Fetch Standard, forbidden methods). */
const forbiddenMethods = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** Time that a connection is kept open for the rest of a body that nothing reads. */
const graceMs = 2_000

/**
 * Answers a Node request to a Focus route: with a complete refusal, for which no `Request` was built, or with a `Response`.
 * Never rejects.
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
    return problem(new FocusError('method_not_allowed', `No route accepts ${method}.`))
  }
  const { remoteAddress } = req.socket
  const admission = focus.admit({ method, target: path, headers: req.headers, remoteAddress })
  cutSlowBody(req, admission.refusal === null ? admission.bodyTimeoutMs + graceMs : graceMs)
  if (admission.refusal !== null) return admission.refusal
  const info = remoteAddress === undefined ? { admission } : { admission, remoteAddress }
  return focus.fetch(toRequest(req, res, path, parsedBody), info)
}

/**
 * Closes a connection whose request body does not arrive in time. Node's own time-out is minutes long and belongs to the
 * host; nothing else closes a connection whose request was answered before its body arrived.
 */
function cutSlowBody(req: IncomingMessage, timeoutMs: number): void {
  if (req.complete || !mayHaveBody(req)) return
  const timer = setTimeout(() => req.destroy(), timeoutMs)
  timer.unref()
  req.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
/** HTTP/2 has no header that announces a body. */
function mayHaveBody({ method, headers, httpVersionMajor }: IncomingMessage): boolean {
  if (httpVersionMajor >= 2) return method !== 'GET' && method !== 'HEAD'
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/**
 * Converts a Node request to a fetch `Request`. The origin of its URL is a constant, because clients can forge `Host` and
 * `X-Forwarded-*`. If the host has read the body, its parsed body is used.
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
 * Returns the body as a stream that reads from the connection on demand. The rest of a refused body is discarded once the
 * answer is sent, because the next request of a kept-alive connection follows it.
 */
function unread(req: IncomingMessage, res: ServerResponse): ReadableStream<Uint8Array> {
  res.once('finish', () => req.resume())
  return NodeReadableStream.from(req.iterator({ destroyOnReturn: false })) as ReadableStream<Uint8Array>
}
