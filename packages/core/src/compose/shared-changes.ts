import { SharedBudgets } from '../admission/shared-budgets.ts'
import type { AuthService } from '../auth/auth.ts'
import type { NodeBroker } from '../cluster/broker-port.ts'
import type { BrokerKind } from '../cluster/broker-state.ts'
import type { ClusterNodes } from '../cluster/nodes/nodes-port.ts'
import type { Foundation } from './foundation.ts'

/**
 * Tells the other nodes of changes of users and signing keys that this one makes, and applies theirs. A change whose message is
 * lost is noticed by the next read: what is remembered of a user is kept for five seconds, and keys are read as often.
 */
export function shareChanges({ users, runtime }: Foundation, auth: AuthService, broker: NodeBroker): void {
  users.changes.connect((userKey) => broker.publish({ kind: 'user_changed', userKey }))
  auth.onKeysChanged(() => broker.publish({ kind: 'keys_changed' }))
  broker.onControlMessage((message) => {
    if (message.kind === 'user_changed') users.changes.hear(message.userKey)
    if (message.kind !== 'keys_changed') return
    auth.refreshKeys().catch((error: unknown) => {
      runtime.logger.warn('Reading the signing keys that another node changed failed; they are read again soon', {
        error,
      })
    })
  })
}

/** Lets the budgets of addresses hold for all nodes. A message of the database broker is a row, so there are fewer. */
export function shareBudgets(
  { control }: Foundation,
  broker: NodeBroker,
  nodes: ClusterNodes,
  kind: BrokerKind,
): SharedBudgets {
  broker.onControlMessage((message) => {
    if (message.kind === 'spent') control.spentElsewhere(message.spendings)
  })
  return new SharedBudgets(control, kind === 'database' ? 1_000 : 250, (spendings) => {
    if (nodes.peers().length > 0) broker.publish({ kind: 'spent', spendings })
  })
}
