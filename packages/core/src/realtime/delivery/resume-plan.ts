import type { NotificationEvent, StreamHead } from '../../notifications/ports.ts'
import type { ResumeReason } from '../protocol/messages.ts'

/** The position from which a client resumes; a null offset does not resume its stream. */
export interface ResumeRequest {
  readonly epoch: string
  readonly offset: number | null
  readonly allOffset: number | null
  readonly lastId: string | null
}

export interface ResumePlan {
  /** Start of the connection's cursor. */
  readonly position: number
  readonly gap: { readonly from: number; readonly to: number; readonly reason: 'retention' | 'too_far' } | null
  /** Why some events cannot be recovered; undefined when all can. */
  readonly reason: ResumeReason
}

export interface ResumeStream {
  readonly head: StreamHead
  read(after: number, upTo: number, limit: number): Promise<readonly NotificationEvent[]>
}

/**
 * Decides which events a client gets after `offset`: all of them, those that retention left, or none, with the reason.
 */
export async function planResume(
  stream: ResumeStream,
  request: { epoch: string; offset: number | null; lastId: string | null },
  replayRows: number,
): Promise<ResumePlan> {
  const { head } = stream
  const { offset } = request
  if (offset === null) return { position: head.offset, gap: null, reason: undefined }
  const lost = await positionLost(stream, request.epoch, offset, request.lastId)
  if (lost) return { position: head.offset, gap: null, reason: lost }

  const start = Math.max(offset, head.oldest - 1)
  if (await tooFar(stream, start, replayRows)) {
    return { position: head.offset, gap: { from: offset + 1, to: head.offset, reason: 'too_far' }, reason: 'too_far' }
  }
  if (start === offset) return { position: offset, gap: null, reason: undefined }
  return { position: start, gap: { from: offset + 1, to: start, reason: 'retention' }, reason: 'retention' }
}

async function positionLost(
  stream: ResumeStream,
  epoch: string,
  offset: number,
  lastId: string | null,
): Promise<ResumeReason> {
  if (epoch !== stream.head.epoch) return 'epoch_changed'
  if (offset > stream.head.offset) return 'position_lost'
  if (lastId === null || offset === 0) return undefined
  const [last] = await stream.read(offset - 1, offset, 1)
  // A missing row proves nothing: it may have been merged into a newer one, deleted or pruned.
  return last && last.id !== lastId ? 'position_lost' : undefined
}

/** Counts rows only over a long distance: there may be fewer rows than offsets, because a merge leaves no row behind. */
async function tooFar(stream: ResumeStream, start: number, replayRows: number): Promise<boolean> {
  const { head } = stream
  if (head.offset - start <= replayRows) return false
  return (await stream.read(start, head.offset, replayRows + 1)).length > replayRows
}
