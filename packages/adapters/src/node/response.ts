import type { ServerResponse } from 'node:http'
import type { Answer } from '@focus-api/core/internal'

/** Sends an answer. Resolves when it is sent or the client has disconnected. */
export async function send(answer: Answer | Response, res: ServerResponse): Promise<void> {
  if (answer instanceof Response) await sendResponse(answer, res)
  else
    res
      .writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) })
      .end(answer.body)
}

/**
 * Sends a fetch `Response`: event streams chunk by chunk at the client's pace, other bodies, which are small, in one write.
 * Resolves when it is sent or the client has disconnected.
 */
export async function sendResponse(response: Response, res: ServerResponse): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') res.setHeader(name, value)
  }
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) res.setHeader('set-cookie', cookies)
  if (response.body && response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await stream(response.body, res)
    return
  }
  const body = response.body ? Buffer.from(await response.arrayBuffer()) : undefined
  res.end(body)
}

async function stream(body: ReadableStream<Uint8Array>, res: ServerResponse): Promise<void> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  if (res.destroyed) return cancel()
  res.once('close', cancel)
  // A failure must be noticed even while nothing is read; otherwise a client that reads nothing is kept forever.
  reader.closed.catch(() => res.destroy())
  try {
    res.flushHeaders()
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (!res.write(chunk.value) && !res.destroyed) await drained(res)
      if (res.destroyed) return
    }
    res.end()
  } catch {
    // The head is already sent: only a closed connection tells the client that the body is incomplete.
    res.destroy()
  } finally {
    res.off('close', cancel)
  }
}

/** Resolves when the client has read the written bytes or has disconnected. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle)
      res.off('close', settle)
      resolve()
    }
    res.on('drain', settle)
    res.on('close', settle)
  })
}
