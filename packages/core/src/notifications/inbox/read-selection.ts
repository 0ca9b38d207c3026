import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import type { ReadSelection } from './inbox-port.ts'

const schema = z.union([
  z.strictObject({ ids: z.array(z.string()) }),
  z.strictObject({ upToOffset: z.int().min(0), stream: z.enum(['user', 'all']).default('user') }),
  z.strictObject({ all: z.literal(true) }),
])

/**
 * Checks the selection of a caller, who may not use types. An empty selection is an error and must not select everything.
 *
 * @throws FocusError `invalid_request`
 */
export function checkedSelection(which: ReadSelection): ReadSelection {
  // An undefined member counts as absent.
  const given = Object.entries(which ?? {}).filter(([, value]) => value !== undefined)
  const result = schema.safeParse(Object.fromEntries(given))
  if (result.success) return result.data
  throw new FocusError('invalid_request', 'The selection selects no notifications.', {
    hint: 'Pass { ids }, { upToOffset, stream } or { all: true }.',
  })
}
