import { durationMs } from '../../schema/duration.ts'
import { FocusError } from '../../common/errors.ts'
import type {
  DeliveryPlan,
  NotificationRouter,
  DeliveryRequest,
  Escalation,
  PlannedDelivery,
  Routing,
} from '../../notifications/ports.ts'

import { isMuted, isWanted, type PreferenceReader } from '../preferences/preferences-port.ts'
import type { Transport } from '../transport.ts'

/** Where notifications go that do not say so themselves. */
export interface RoutingOptions extends Routing {
  /** By topic; what a topic does not say is said by the options around it. */
  readonly topics?: Readonly<Record<string, Routing>>
}

export interface TransportRouterDeps {
  readonly transports: readonly Transport[]
  readonly routing: RoutingOptions
  readonly preferences: PreferenceReader
  readonly isDisabled: (transport: string) => boolean
}

/**
 * Decides where a notification goes: the call's own routing, else its definition's, else its topic's, else the default, else
 * every transport that is configured; less what its person switched off. A transport that an escalation leads to is not used
 * at once, unless it was named.
 */
export class TransportRouter implements NotificationRouter {
  readonly #transports: ReadonlyMap<string, Transport>
  readonly #routing: RoutingOptions
  readonly #preferences: PreferenceReader
  readonly #isDisabled: TransportRouterDeps['isDisabled']

  /** @throws FocusError `invalid_option` for a routing that names an unknown transport or a wrong duration */
  constructor({ transports, routing, preferences, isDisabled }: TransportRouterDeps) {
    this.#transports = new Map(transports.map((transport) => [transport.name, transport]))
    this.#routing = routing
    this.#preferences = preferences
    this.#isDisabled = isDisabled
    const topics = Object.entries(routing.topics ?? {})
    const rules = topics.map(([topic, rule]): [string, Routing] => [`routing.topics.${topic}`, rule])
    for (const [path, rule] of [['routing', routing] as const, ...rules]) {
      try {
        this.#deliveries(rule, false)
      } catch (error) {
        const hint = error instanceof FocusError ? error.hint : undefined
        throw new FocusError('invalid_option', `${path}: ${(error as Error).message}`, {
          ...(hint === undefined ? {} : { hint }),
          cause: error,
        })
      }
    }
  }

  async route(request: DeliveryRequest): Promise<DeliveryPlan> {
    const { topics, ...fallback } = this.#routing
    const topic =
      request.event === null || !topics || !Object.hasOwn(topics, request.event) ? {} : topics[request.event]
    const routing = { ...fallback, ...topic, ...given(request) }
    const deliveries = this.#deliveries(routing, request.userKey === null)
    if (request.userKey === null || routing.critical === true) return { deliveries, unlessMuted: false }
    if (deliveries.length === 0) return { deliveries, unlessMuted: true }
    const matrix = await this.#preferences.matrixOf(request.userKey)
    const wanted = deliveries.filter(({ transport }) => isWanted(matrix, request.event, transport))
    if (wanted.length === 0 && isMuted(matrix, request.event)) return 'suppressed'
    return { deliveries: wanted, unlessMuted: false }
  }

  #deliveries({ transports, escalate = [], critical = false }: Routing, broadcast: boolean): PlannedDelivery[] {
    const escalations = escalate.map((step) => ({ ...step, to: this.#known(step.to), afterMs: waitOf(step) }))
    const later = new Set(escalations.map(({ to }) => to.name))
    const atOnce =
      transports?.map((name) => this.#known(name)) ??
      [...this.#transports.values()].filter((transport) => !later.has(transport.name))
    const planned = [
      ...[...new Set(atOnce)].map((to) => ({ to, afterMs: 0, unless: null })),
      ...escalations.map(({ to, afterMs, unless }) => ({ to, afterMs, unless })),
    ]
    return planned
      .filter(({ to, afterMs }) => !this.#isDisabled(to.name) && !(broadcast && (to.addresses || afterMs > 0)))
      .map(({ to, afterMs, unless }) => ({
        transport: to.name,
        ordered: to.ordered ?? false,
        afterMs,
        unless,
        critical,
      }))
  }

  #known(name: string): Transport {
    const transport = this.#transports.get(name)
    if (transport) return transport
    const names = [...this.#transports.keys()]
    throw new FocusError('invalid_notification', `There is no transport ${JSON.stringify(name)}.`, {
      hint:
        names.length === 0
          ? 'None is configured: pass `transports` to createFocus(), or set SLACK_WEBHOOK or SMTP_URL.'
          : `Configured are ${names.join(', ')}.`,
    })
  }
}

function given({ transports, escalate, critical }: Routing): Routing {
  return {
    ...(transports === undefined ? {} : { transports }),
    ...(escalate === undefined ? {} : { escalate }),
    ...(critical === undefined ? {} : { critical }),
  }
}

function waitOf({ after, unless }: Escalation): number {
  if (unless !== 'read') {
    throw new FocusError('invalid_notification', `escalate.unless: ${JSON.stringify(unless)} is not known.`, {
      hint: 'It is "read".',
    })
  }
  return durationMs('escalate.after', after)
}
