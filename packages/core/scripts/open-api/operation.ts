import { z } from 'zod'
import type { ErrorCode } from '../../src/common/errors.ts'
import type { SchemaName } from './schemas.ts'

/** One route as `openapi.json` describes it. A test compares path and access with the router. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With `:names`, as in the router. */
  readonly path: string
  readonly access: 'public' | 'bearer' | 'admin'
  readonly summary: string
  readonly query?: Readonly<Record<string, z.ZodType>>
  readonly headers?: Readonly<Record<string, z.ZodType>>
  readonly body?: z.ZodType
  /** Status and schema; null for an answer without a body, a text for a media type other than JSON. */
  readonly answers: Readonly<
    Record<number, SchemaName | null | { readonly mediaType: string; readonly description: string }>
  >
  /** Codes of the problems that this route answers, beside those that every route of its access does. */
  readonly problems?: readonly ErrorCode[]
}

const text = z.string()
/** Query and body fields that several routes share. */
export const fields = {
  text,
  flag: z.boolean(),
  limit: (max: number) => z.int().min(1).max(max),
  userReference: text.describe('An id, a username or an e-mail address.'),
}
