import type { NotificationEvent, StreamHead } from '../../notifications/ports.ts'
import type { ResumeReason } from '../protocol/messages.ts'

/** Where a client says that it stopped. */
export interface ResumeRequest {
  readonly epoch: string
  readonly offset: number | null
  readonly allOffset: number | null
  readonly lastId: string | null
}

export interface ResumePlan {
  /** Where the connection's cursor starts. */
  readonly position: number
  readonly gap: { readonly from: number; readonly to: number; readonly reason: 'retention' | 'too_far' } | null
  /** Why not everything can be recovered; absent when it can. */
  readonly reason: ResumeReason
}

export interface ResumeStream {
  readonly head: StreamHead
  read(after: number, upTo: number, limit: number): Promise<readonly NotificationEvent[]>
}

/**
 * Decides what a client that stopped at `offset` can be given: everything since, what retention left of it, or nothing but
 * a fresh start, with the reason.
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
  // A row that was merged onwards, deleted or pruned says nothing against the position.
  return last && last.id !== lastId ? 'position_lost' : undefined
}

/** Offsets may be many more than rows, because merges leave no row behind: only a long distance has to be counted. */
async function tooFar(stream: ResumeStream, start: number, replayRows: number): Promise<boolean> {
  const { head } = stream
  if (head.offset - start <= replayRows) return false
  return (await stream.read(start, head.offset, replayRows + 1)).length > replayRows
}
