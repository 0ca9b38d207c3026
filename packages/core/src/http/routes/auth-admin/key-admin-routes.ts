import type { AuthService } from '../../../auth/auth.ts'
import type { KeyInfo } from '../../../auth/keys/token-keys.ts'
import { FocusError } from '../../../common/errors.ts'
import type { JsonObject } from '../../../common/json.ts'
import { readJsonObject } from '../../request/body.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'
import { isoTimestampOrNull } from '../../../wire/iso-timestamp.ts'

/** Signing keys, for operators. */
export function keyAdminRoutes(auth: AuthService): Route[] {
  async function listKeys(): Promise<Response> {
    return json({ keys: (await auth.keys.list()).map(keyJson) })
  }

  async function rotateKeys({ request }: RouteContext): Promise<Response> {
    const { immediately = false } = await readJsonObject(request)
    if (typeof immediately !== 'boolean') {
      throw new FocusError('invalid_request', 'immediately must be true or false.', {
        hint: 'Omit it to rotate without invalidating any token.',
      })
    }
    return json(keyJson(await auth.keys.rotate({ immediately })), { status: 201 })
  }

  return [
    { method: 'GET', path: '/admin/keys', access: 'admin', handle: listKeys },
    { method: 'POST', path: '/admin/keys/rotate', access: 'admin', handle: rotateKeys },
  ]
}

function keyJson({ kid, alg, state, createdAt, activatesAt, retiresAt }: KeyInfo): JsonObject {
  return {
    kid,
    alg,
    state,
    created_at: isoTimestampOrNull(createdAt),
    activates_at: isoTimestampOrNull(activatesAt),
    retires_at: isoTimestampOrNull(retiresAt),
  }
}
