import type { ServerResponse } from 'node:http'
import { type ErrorCode, FocusError } from '@focus-api/core'
import { problem } from '@focus-api/core/internal'

/** Answers what is nobody's route as Focus' own routes answer errors: with a problem (RFC 9457). */
export async function sendProblem(response: ServerResponse, code: ErrorCode, detail: string): Promise<void> {
  const answer = problem(new FocusError(code, detail))
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}
