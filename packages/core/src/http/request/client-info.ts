import type { ClientInfo } from '../../auth/sessions/sessions.ts'
import type { RouteContext } from '../route.ts'

/** Returns what a session stores about the device, for the user's list of devices. */
export function clientOf({ request, clientAddress }: RouteContext): ClientInfo {
  return { userAgent: request.headers.get('user-agent'), ip: clientAddress }
}
