import type { ServerResponse } from 'node:http'
import { type ErrorCode, FocusError } from '@focus-api/core'
import { problem } from '@focus-api/core/internal'

/** Answers a request without a route with a problem (RFC 9457), as the routes of Focus do. */
export async function sendProblem(response: ServerResponse, code: ErrorCode, detail: string): Promise<void> {
  const answer = problem(new FocusError(code, detail))
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}
