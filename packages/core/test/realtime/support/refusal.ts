import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { TestClient } from './client.ts'

/** The HTTP response to a refused upgrade. */
export async function refusalOf(client: TestClient): Promise<{
  status: number
  headers: IncomingMessage['headers']
  problem: Record<string, unknown>
}> {
  const [, response]: IncomingMessage[] = await once(client.socket, 'unexpected-response')
  if (!response) throw new Error('no answer')
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, problem: body === '' ? {} : JSON.parse(body) }
}
