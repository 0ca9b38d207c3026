import { CommandFailure } from '../terminal/failure.ts'
import { plainText } from '../terminal/plain-text.ts'
import { type HttpAnswer, send } from './http.ts'
import type { RemoteSettings } from './remote-settings.ts'

export interface RemoteRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonDocument = { readonly [key: string]: Json | undefined }

const TIMEOUT_MS = 10_000

/** Calls the routes of a running server with the admin key. Every error is one sentence with a hint. */
export class RemoteClient {
  readonly #settings: RemoteSettings

  constructor(settings: RemoteSettings) {
    this.#settings = settings
  }

  get base(): string {
    return this.#settings.base
  }

  /**
   * Returns the JSON answer of a route; an empty document for an answer without a body.
   *
   * @param path under the base path, such as `/ws/stats`
   * @throws CommandFailure `unreachable`, `not_focus`, or the code of the server's problem (RFC 9457)
   */
  async call(path: string, { method = 'GET', body, headers = {}, signal }: RemoteRequest): Promise<JsonDocument> {
    const { base, adminKey } = this.#settings
    let answer: HttpAnswer
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    try {
      answer = await send(base + path, {
        method,
        headers: {
          accept: 'application/json',
          ...(adminKey === null ? {} : { authorization: `Bearer ${adminKey}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        signal: AbortSignal.any([signal, timeout]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      signal.throwIfAborted()
      throw unreachable(base, error, timeout.aborted)
    }
    const { status, text } = answer
    return answerOf(isSuccess(status), text, (problem) => this.#refusal(status, problem))
  }

  /**
   * Returns the text of a route that requires the admin key; null without a key, or when the server does not have the
   * route.
   *
   * @throws CommandFailure `invalid_admin_key` when the key is refused
   */
  async text(path: string, signal: AbortSignal): Promise<string | null> {
    const { base, adminKey } = this.#settings
    if (adminKey === null) return null
    let answer: HttpAnswer
    try {
      answer = await send(base + path, {
        method: 'GET',
        headers: { authorization: `Bearer ${adminKey}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
    } catch {
      return null
    }
    const { status, text } = answer
    if (isSuccess(status)) return text
    const problem = parse(text)
    // A proxy may block these routes; only errors of Focus itself are about the key.
    if (problem?.code === 'invalid_admin_key' || problem?.code === 'admin_key_missing') {
      throw this.#refusal(status, problem)
    }
    return null
  }

  #refusal(status: number, problem: JsonDocument | null): CommandFailure {
    const { base, adminKey, fromDataFolder } = this.#settings
    const code = problem?.code
    if (problem === null || typeof code !== 'string') {
      return new CommandFailure('not_focus', `The server at ${base} is not a Focus server (HTTP ${status}).`, {
        hint: 'Check --url (or FOCUS_URL): the address of the server, with its base path when that is not /api.',
      })
    }
    if (code === 'invalid_admin_key' || (code === 'unauthenticated' && adminKey === null)) {
      return new CommandFailure(
        code,
        adminKey === null ? `${base} requires an admin key.` : `${base} refused the admin key.`,
        {
          hint: fromDataFolder
            ? 'Omit --admin-key and FOCUS_ADMIN_KEY to use the key of the running `focus dev`.'
            : "Pass the server's own FOCUS_ADMIN_KEY with --admin-key or the variable of that name.",
        },
      )
    }
    const message = [problem.detail, problem.title].find((part) => typeof part === 'string')
    return new CommandFailure(
      code,
      message ?? `The server answered ${status}.`,
      typeof problem.hint === 'string' ? { hint: problem.hint } : {},
    )
  }
}

/** Returns the document of a successful answer; throws the result of `refusal` for any other. */
export function answerOf(
  ok: boolean,
  text: string,
  refusal: (problem: JsonDocument | null) => CommandFailure,
): JsonDocument {
  const document = parse(text)
  if (ok && document !== null) return document
  throw refusal(document)
}

/** Returns a field of an answer as text, for people. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '–'
  return plainText(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** Returns null for an answer that is not an object, because Focus does not send it. */
function parse(text: string): JsonDocument | null {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonDocument) : null
  } catch {
    return null
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function unreachable(base: string, error: unknown, timedOut: boolean): CommandFailure {
  const reason = timedOut ? `did not answer within ${TIMEOUT_MS / 1000} s` : `cannot be reached${detailOf(error)}`
  return new CommandFailure('unreachable', `The server at ${base} ${reason}.`, {
    hint: 'Check that it runs (`npx focus dev` starts one here) and that --url or FOCUS_URL names it.',
    cause: error,
  })
}

/** The system's error code, such as ` (ECONNREFUSED)`. */
function detailOf(error: unknown): string {
  const { code } = error instanceof Error ? (error as { code?: unknown }) : {}
  return typeof code === 'string' ? ` (${code})` : ''
}
