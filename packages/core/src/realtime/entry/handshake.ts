import type { IncomingMessage } from 'node:http'
import { FocusError } from '../../common/errors.ts'
import { originForm, pathOf } from '../../net/request-target.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import type { TopicFilter } from '../delivery/topic-filter.ts'
import { type Credentials, findCredentials } from './credentials.ts'
import { filterOf, resumeOf } from './stream-query.ts'

/** The subprotocol that the server selects when a client offers it. */
export const subprotocol = 'focus.v1'

/** The contents of an upgrade, without the request itself: keeping the request would cost kilobytes per connection. */
export interface Opening {
  readonly credentials: Credentials | null
  readonly subprotocols: readonly string[]
  readonly filter: TopicFilter
  readonly resume: ResumeRequest | null
}

/** @throws FocusError as `filterOf` */
export function readOpening(request: IncomingMessage, query: URLSearchParams, topicsLimit: number): Opening {
  return {
    credentials: findCredentials(request.headers.authorization, query),
    subprotocols: offeredProtocols(request),
    filter: filterOf(query, topicsLimit),
    resume: resumeOf(query),
  }
}

/** Splits the target of a request, without a slash at the end of its path; null when it is not a path. */
export function parseTarget(target: string | undefined): { path: string; query: URLSearchParams } | null {
  if (target === undefined) return null
  const path = originForm(target)
  if (!path.startsWith('/')) return null
  const mark = path.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1))
  return { path: pathOf(path).replace(/\/$/, ''), query }
}

/** Returns the error for a version of WebSocket other than RFC 6455's (§4.2.1, §4.4); `ws` also accepts an older one. */
export function versionRefusal({ headers }: IncomingMessage): FocusError | null {
  const version = headers['sec-websocket-version']
  if (version === undefined || version === '13') return null
  return new FocusError(
    'upgrade_required',
    `Version ${version.slice(0, 20)} of the WebSocket protocol is not supported.`,
    {
      hint: 'Connect with Sec-WebSocket-Version: 13.',
    },
  )
}

/** Returns the value of `X-Forwarded-For`. */
export function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const value = headers['x-forwarded-for']
  return Array.isArray(value) ? value.join(',') : value
}

function offeredProtocols(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map((name) => name.trim())
}
