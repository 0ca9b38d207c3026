import { FocusError } from '../../common/errors.ts'
import type {
  DeliveryPlan,
  DeliveryRequest,
  Escalation,
  NotificationRouter,
  PlannedDelivery,
  Routing,
} from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'
import { durationMs } from '../../schema/duration.ts'
import type { PreferenceReader } from '../preferences/preference-reader.ts'
import { isMuted, isWanted } from '../preferences/preferences-port.ts'
import type { Transport } from '../transport.ts'

/** The default routing, for notifications whose call and definition name none. */
export interface RoutingOptions extends Routing {
  /** By topic. A field that a topic leaves out comes from the default. */
  readonly topics?: Readonly<Record<string, Routing>>
}

const none: readonly PlannedDelivery[] = []
/** A notification for the inbox and connections alone. */
const inboxOnly: DeliveryPlan = { deliveries: none, unlessMuted: true }

export interface TransportRouterDeps {
  readonly transports: readonly Transport[]
  readonly routing: RoutingOptions
  readonly preferences: PreferenceReader
  readonly isDisabled: (transport: string) => boolean
}

/**
 * Decides which transports a notification goes to: those of the call, of its definition, of its topic or of the default, in this
 * order; else every configured transport. The transports that its user switched off are left out. A transport that an escalation
 * leads to is not used immediately, unless it is named.
 */
export class TransportRouter implements NotificationRouter {
  readonly #transports: ReadonlyMap<string, Transport>
  readonly #routing: RoutingOptions
  readonly #preferences: PreferenceReader
  readonly #isDisabled: TransportRouterDeps['isDisabled']

  /** @throws FocusError `invalid_option` for routing with an unknown transport or an invalid duration */
  constructor({ transports, routing, preferences, isDisabled }: TransportRouterDeps) {
    this.#transports = new Map(transports.map((transport) => [transport.name, transport]))
    this.#routing = routing
    this.#preferences = preferences
    this.#isDisabled = isDisabled
    this.#check('routing', routing)
    for (const [topic, rule] of Object.entries(routing.topics ?? {})) this.#check(`routing.topics.${topic}`, rule)
  }

  route(request: DeliveryRequest): DeliveryPlan | Promise<DeliveryPlan> {
    const { userKey, event } = request
    const routing = { ...this.#routing, ...this.#ruleOf(event), ...given(request) }
    const deliveries = this.#namesNone(request) ? none : this.#plan(routing, userKey === null)
    if (userKey === null || routing.critical === true) return { deliveries, unlessMuted: false }
    if (deliveries.length === 0) return inboxOnly
    return this.#wanted(userKey, event, deliveries)
  }

  /** Whether no transport is configured, and none was asked for. */
  #namesNone({ transports, escalate }: DeliveryRequest): boolean {
    return this.#transports.size === 0 && transports === undefined && escalate === undefined
  }

  /** Leaves out the transports that the user switched off. */
  async #wanted(userKey: UserKey, event: string | null, deliveries: readonly PlannedDelivery[]): Promise<DeliveryPlan> {
    const matrix = await this.#preferences.matrixOf(userKey)
    const wanted = deliveries.filter(({ transport }) => isWanted(matrix, event, transport))
    if (wanted.length === 0 && isMuted(matrix, event)) return 'suppressed'
    return { deliveries: wanted, unlessMuted: false }
  }

  #ruleOf(topic: string | null): Routing {
    const { topics } = this.#routing
    return (topic !== null && topics && Object.hasOwn(topics, topic) && topics[topic]) || {}
  }

  #plan({ transports, escalate = [], critical = false }: Routing, broadcast: boolean): PlannedDelivery[] {
    const escalations = escalate.map(({ to, after, unless }) => ({
      transport: this.#require(to),
      afterMs: durationMs('escalate.after', after),
      unless: checkedCondition(unless),
    }))
    const later = new Set(escalations.map(({ transport }) => transport))
    const atOnce =
      transports?.map((name) => this.#require(name)) ??
      [...this.#transports.values()].filter((transport) => !later.has(transport))
    const steps = [
      ...[...new Set(atOnce)].map((transport) => ({ transport, afterMs: 0, unless: null })),
      ...escalations,
    ]
    return steps
      .filter(({ transport, afterMs }) => {
        const reachable = !broadcast || (!transport.addresses && afterMs === 0)
        return reachable && !this.#isDisabled(transport.name)
      })
      .map(({ transport: { name, ordered = false }, ...step }) => ({ transport: name, ordered, ...step, critical }))
  }

  #check(path: string, rule: Routing): void {
    try {
      this.#plan(rule, false)
    } catch (error) {
      const hint = error instanceof FocusError && error.hint !== undefined ? { hint: error.hint } : {}
      throw new FocusError('invalid_option', `${path}: ${(error as Error).message}`, { ...hint, cause: error })
    }
  }

  #require(name: string): Transport {
    const transport = this.#transports.get(name)
    if (transport) return transport
    const names = [...this.#transports.keys()]
    throw new FocusError('invalid_notification', `There is no transport ${JSON.stringify(name)}.`, {
      hint:
        names.length === 0
          ? 'No transport is configured. Pass `transports` to createFocus(), or set SLACK_WEBHOOK or SMTP_URL.'
          : `The configured transports are ${names.join(', ')}.`,
    })
  }
}

/** Returns the fields of a request that are set. */
function given({ transports, escalate, critical }: Routing): Routing {
  return {
    ...(transports === undefined ? {} : { transports }),
    ...(escalate === undefined ? {} : { escalate }),
    ...(critical === undefined ? {} : { critical }),
  }
}

function checkedCondition(unless: Escalation['unless']): 'read' {
  if (unless === 'read') return unless
  throw new FocusError('invalid_notification', `escalate.unless: ${JSON.stringify(unless)} is not known.`, {
    hint: 'Use "read".',
  })
}
