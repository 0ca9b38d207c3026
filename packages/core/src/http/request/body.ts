import { defaultBodyTimeoutMs } from '../../admission/budgets.ts'
import { FocusError } from '../../common/errors.ts'
import type { JsonObject } from '../../common/json.ts'

/** The largest body is a notification for many users. */
const defaultMaxBytes = 1_048_576

const timeouts = new WeakMap<Request, number>()

/** Limits the time for the whole body of a request to arrive. */
export function limitBodyTime(request: Request, timeoutMs: number): void {
  if (request.body !== null) timeouts.set(request, timeoutMs)
}

/**
 * Reads a JSON object from the body; an empty body counts as `{}`.
 *
 * @throws FocusError `payload_too_large`, `request_timeout`, `unsupported_media_type`, `invalid_json`, `invalid_request`
 */
export async function readJsonObject(request: Request, options: { maxBytes?: number } = {}): Promise<JsonObject> {
  const text = await readText(request, options.maxBytes ?? defaultMaxBytes)
  if (text.trim() === '') return {}
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() || 'application/json'
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(mediaType)) {
    throw new FocusError('unsupported_media_type', `The body is ${mediaType}, not JSON.`, {
      hint: 'Send JSON with the header Content-Type: application/json.',
    })
  }
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FocusError('invalid_request', 'The body must be a JSON object.', { hint: 'Send {"name": value, …}.' })
  }
  return value as JsonObject
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FocusError('invalid_json', 'The body is not valid JSON.', {
      hint: 'Check quotes and commas; strings are in double quotes.',
      cause: error,
    })
  }
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () =>
    new FocusError('payload_too_large', `The body is larger than ${maxBytes} bytes.`, {
      hint: 'Send less in one request.',
    })
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  if (!request.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of arriving(request.body, timeouts.get(request) ?? defaultBodyTimeoutMs)) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Yields the chunks of a body. A client that disconnects half-way is not a server error. */
async function* arriving(body: ReadableStream<Uint8Array>, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const late = new FocusError('request_timeout', `The body did not arrive within ${timeoutMs / 1_000} seconds.`, {
    hint: 'Send the whole body at once.',
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    reader.cancel(late).catch(() => undefined)
  }, timeoutMs)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
  } catch (error) {
    throw new FocusError('invalid_request', 'The body ended before it was complete.', {
      hint: 'Send the request again.',
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    if (!isLate) reader.cancel().catch(() => undefined)
  }
  if (isLate) throw late
}
