import type { JsonObject } from '../../../common/json.ts'
import type { Deliveries, TransportInfo } from '../../../transports/outbox/focus-deliveries.ts'
import { isoTimestampOrNull } from '../../../wire/iso-timestamp.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'

/** Lets operators see the transports, and switch on one that its peer switched off. */
export function transportRoutes(deliveries: Deliveries): Route[] {
  async function list(): Promise<Response> {
    return json({ transports: (await deliveries.transports()).map(transportJson) })
  }

  async function enable({ params }: RouteContext): Promise<Response> {
    const name = params['name'] ?? ''
    await deliveries.enable(name)
    const all = await deliveries.transports()
    return json(all.filter((transport) => transport.name === name).map(transportJson)[0])
  }

  return [
    { method: 'GET', path: '/admin/transports', access: 'admin', handle: list },
    { method: 'POST', path: '/admin/transports/:name/enable', access: 'admin', handle: enable },
  ]
}

function transportJson({ outcomes, ...transport }: TransportInfo): JsonObject {
  return {
    name: transport.name,
    configured: transport.configured,
    disabled_reason: transport.disabledReason,
    disabled_at: isoTimestampOrNull(transport.disabledAt),
    waiting: transport.waiting,
    leased: transport.leased,
    dead: transport.dead,
    oldest_waiting: isoTimestampOrNull(transport.oldestWaiting),
    delivered: outcomes.delivered,
    retried: outcomes.retried,
    skipped: outcomes.skipped,
    cancelled: outcomes.cancelled,
  }
}
