import type { ClientInfo } from '../../auth/sessions/sessions.ts'
import type { RouteContext } from '../route.ts'

/** What a session remembers of the device, for the person's own list of devices. */
export function clientOf({ request, clientAddress }: RouteContext): ClientInfo {
  return { userAgent: request.headers.get('user-agent'), ip: clientAddress }
}
