import { FocusError } from '../../common/errors.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import { TopicFilter } from '../delivery/topic-filter.ts'
import { maxTopicLength } from '../protocol/actions.ts'

/** Reads the position to resume from: `epoch`, `offset`, `all_offset` and `last_id`; null when the client does not resume. */
export function resumeOf(query: URLSearchParams): ResumeRequest | null {
  const epoch = query.get('epoch')
  const offset = offsetOf(query.get('offset'))
  const allOffset = offsetOf(query.get('all_offset'))
  if (epoch === null || (offset === null && allOffset === null)) return null
  return { epoch, offset, allOffset, lastId: query.get('last_id') || null }
}

/** Reads `epoch:offset:all_offset`, the `Last-Event-ID` of a browser; null for any other text. */
export function parseEventId(id: string | null): ResumeRequest | null {
  const [, epoch, offset, allOffset] = /^([^:\s]{1,64}):(\d{1,15}):(\d{1,15})$/.exec(id ?? '') ?? []
  if (epoch === undefined || offset === undefined || allOffset === undefined) return null
  return { epoch, offset: Number(offset), allOffset: Number(allOffset), lastId: null }
}

/**
 * Reads the topics of `?events=a,b` or `?events=a&events=b`.
 *
 * @throws FocusError `invalid_request` for more topics than a connection may name, or a topic that is too long
 */
export function filterOf(query: URLSearchParams, topicsLimit: number): TopicFilter {
  const events = query.getAll('events')
  if (events.length === 0) return TopicFilter.everything
  const topics = new Set(events.flatMap((list) => list.split(',')).filter((topic) => topic !== ''))
  if (topics.size > topicsLimit) {
    throw new FocusError('invalid_request', `events: ${topics.size} topics are more than the ${topicsLimit} allowed.`, {
      hint: 'Name fewer, or leave events out and filter in the client.',
    })
  }
  for (const topic of topics) {
    if (topic.length <= maxTopicLength) continue
    throw new FocusError('invalid_request', `events: a topic has at most ${maxTopicLength} characters.`, {
      hint: 'Separate topics by commas.',
    })
  }
  return TopicFilter.everything.subscribe([...topics])
}

function offsetOf(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null
  const offset = Number(text)
  return Number.isSafeInteger(offset) ? offset : null
}
