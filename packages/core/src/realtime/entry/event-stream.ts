import type { Client } from '../../admission/client.ts'
import type { ResumeRequest } from '../delivery/resume.ts'
import type { TopicFilter } from '../delivery/topic-filter.ts'

/** What a client of the event stream asks for. */
export interface EventStreamRequest {
  readonly resume: ResumeRequest | null
  readonly filter: TopicFilter
  readonly client: Client
}

/** Reads `epoch:offset:all_offset`, the id of the last event that a browser saw; null when it is none of ours. */
export function parseEventId(id: string | null): ResumeRequest | null {
  const [, epoch, offset, allOffset] = /^([^:\s]{1,64}):(\d{1,15}):(\d{1,15})$/.exec(id ?? '') ?? []
  if (epoch === undefined || offset === undefined || allOffset === undefined) return null
  return { epoch, offset: Number(offset), allOffset: Number(allOffset), lastId: null }
}

/** Answers with a body of Server-Sent Events, unbuffered on its way. */
export function eventStreamResponse(body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // nginx buffers answers otherwise.
      'x-accel-buffering': 'no',
    },
  })
}
