import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import type { ReadSelection } from '../inbox-port.ts'

const schema = z.union([
  z.strictObject({ ids: z.array(z.string()) }),
  z.strictObject({ upToOffset: z.int().min(0), stream: z.enum(['user', 'all']).default('user') }),
  z.strictObject({ all: z.literal(true) }),
])

/**
 * What a caller without types passed. A selection that names nothing is a mistake, and must not count as everything.
 *
 * @throws FocusError `invalid_request`
 */
export function checkedSelection(which: ReadSelection): ReadSelection {
  // A member that is there and undefined is one that a caller left out.
  const given = Object.entries(which ?? {}).filter(([, value]) => value !== undefined)
  const result = schema.safeParse(Object.fromEntries(given))
  if (result.success) return result.data
  throw new FocusError('invalid_request', 'The selection names no notifications.', {
    hint: 'Pass { ids }, { upToOffset, stream } or { all: true }.',
  })
}
