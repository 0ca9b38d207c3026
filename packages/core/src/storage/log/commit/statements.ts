import type { Flavour } from '../../dialects/servers/server.ts'
import type { WaitingTable } from '../../../notifications/log-entry-port.ts'
import { wildcard } from '../../../transports/preferences/preferences-port.ts'
import { outboxColumns } from '../../outbox/outbox-rows.ts'
import type { RowStatement } from '../../dialects/batch/batch-session.ts'
import { statementForms } from './statement-forms.ts'

/** The statements of a batch, in the SQL of one database. */
export interface BatchStatements {
  /** Creates or advances heads: owner, advance, unread added, now. Locks them in the order given. */
  readonly advanceHeads: RowStatement
  /** Null where `advanceHeads` returns the heads itself. */
  readonly readHeads: RowStatement | null
  readonly lockWaiting: Readonly<Record<WaitingTable, RowStatement>>
  readonly deleteWaiting: Readonly<Record<WaitingTable, RowStatement>>
  /** Returns a row if any user has preferences; its parameter is the smallest user key. */
  readonly anyPreference: RowStatement
  /** Choices of a user and topic that hold for all transports and the inbox. */
  readonly readMutes: RowStatement
  readonly readDedupe: RowStatement
  readonly readGroups: RowStatement
  readonly readRates: RowStatement
  readonly readQueues: RowStatement
  readonly writeDedupe: RowStatement
  readonly writeGroups: RowStatement
  readonly writeRates: RowStatement
  readonly writeQueues: RowStatement
  readonly deleteMoved: RowStatement
  readonly insertNotifications: RowStatement
  readonly insertScheduled: RowStatement
  readonly insertDeferred: RowStatement
  readonly insertExpiries: RowStatement
  readonly insertMerges: RowStatement
  readonly insertOutbox: RowStatement
  readonly insertWakeUp: RowStatement
}

const notificationColumns = [
  'user_key',
  'offset',
  'id',
  'event',
  'type',
  'title',
  'message',
  'data',
  'count',
  'group_key',
  'created_at',
  'expires_at',
] as const

/**
 * Is true only in a transaction that began with its settings. PostgreSQL gets this statement together with `begin`: if that
 * fails, the statement must not move a head by itself.
 */
const batchCondition = "where current_setting('focus.batch', true) = 'open' "

export function batchStatements(flavour: Flavour): BatchStatements {
  return statements[flavour]
}

const statements: Readonly<Record<Flavour, BatchStatements>> = {
  sqlite: makeStatements('sqlite'),
  mysql: makeStatements('mysql'),
  mariadb: makeStatements('mariadb'),
  postgres: makeStatements('postgres'),
}

function makeStatements(flavour: Flavour): BatchStatements {
  const { quote, incoming, insert, onConflict, among } = statementForms(flavour)
  const returning = flavour !== 'mysql'
  const upsert = (table: string, keys: readonly string[], columns: readonly string[]) =>
    insert(
      table,
      [...keys, ...columns],
      onConflict(
        keys,
        columns.map((column) => `${quote(column)} = ${incoming(column)}`),
      ),
    )
  const forUpdate = flavour === 'sqlite' ? '' : ' for update'
  const heads = 'focus_streams'
  const inBatchOnly = flavour === 'postgres' ? batchCondition : ''
  const add = (column: string) => `${quote(column)} = ${heads}.${quote(column)} + ${incoming(column)}`

  return {
    advanceHeads: insert(
      heads,
      ['user_key', 'head', 'unread', 'created_at'],
      inBatchOnly +
        onConflict(['user_key'], [add('head'), add('unread')]) +
        (returning ? ' returning user_key, head, oldest' : ''),
    ),
    readHeads: returning ? null : among(`select user_key, head, oldest from ${heads}`, ['user_key']),
    lockWaiting: eachWaiting((table) => among(`select id from ${table}`, ['id'], forUpdate)),
    deleteWaiting: eachWaiting((table) => among(`delete from ${table}`, ['id'])),
    anyPreference: anyPreference(flavour),
    readMutes: among(
      'select user_key, event, enabled from focus_preferences',
      ['user_key', 'event'],
      ` and transport = '${wildcard}'`,
    ),
    readDedupe: among('select * from focus_dedupe', ['user_key', 'dedupe_key']),
    readGroups: among(
      `select g.user_key, g.group_key, g.expires_at, n.id, n.${quote('offset')}, n.${quote('count')}, ` +
        'n.group_key as own_group_key, n.read_at ' +
        'from focus_groups g join focus_notifications n on n.id = g.id',
      ['g.user_key', 'g.group_key'],
    ),
    readRates: among('select * from focus_rates', ['user_key', 'rate_key']),
    readQueues: among('select * from focus_deferred_queues', ['user_key', 'rate_key']),
    writeDedupe: upsert('focus_dedupe', ['user_key', 'dedupe_key'], ['expires_at']),
    writeGroups: upsert('focus_groups', ['user_key', 'group_key'], ['id', 'expires_at']),
    writeRates: upsert('focus_rates', ['user_key', 'rate_key'], ['times', 'expires_at']),
    writeQueues: upsert('focus_deferred_queues', ['user_key', 'rate_key'], ['due_at', 'room', 'planned_at']),
    deleteMoved: among('delete from focus_notifications', ['user_key', quote('offset')]),
    insertNotifications: insert('focus_notifications', notificationColumns),
    insertScheduled: upsert('focus_scheduled', ['id'], ['due_at', 'entry']),
    insertDeferred: upsert('focus_deferred', ['user_key', 'rate_key', 'id'], ['entry']),
    insertExpiries: insert(
      'focus_expiries',
      ['expires_at', 'id'],
      onConflict(['expires_at', 'id'], [`${quote('id')} = ${incoming('id')}`]),
    ),
    insertMerges: insert('focus_merges', ['id', 'target_id', 'offset', 'merged_at']),
    insertOutbox: insert('focus_outbox', outboxColumns),
    insertWakeUp: insert('focus_wake_ups', ['node', 'lane', 'seq', 'content', 'created_at']),
  }
}

function anyPreference(flavour: Flavour): RowStatement {
  const verb = 'select 1 as present from focus_preferences where user_key >='
  if (flavour === 'postgres') return { text: `${verb} any($1::text[]) limit 1`, columns: 1 }
  return { head: verb, columns: 1, tail: 'limit 1' }
}

function eachWaiting(statement: (table: string) => RowStatement): Readonly<Record<WaitingTable, RowStatement>> {
  return {
    pending: statement('focus_pending'),
    scheduled: statement('focus_scheduled'),
    deferred: statement('focus_deferred'),
    parked: statement('focus_parked'),
  }
}
