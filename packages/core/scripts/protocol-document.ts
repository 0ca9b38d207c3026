import { z } from 'zod'
import { addressDefaults, defaultLimits } from '../src/realtime/realtime-limits.ts'
import { clientActions } from '../src/realtime/protocol/actions.ts'
import { closeCodes, standardCloseCodes } from '../src/realtime/protocol/close-codes.ts'
import { wireErrors } from '../src/realtime/protocol/protocol-errors.ts'
import { serverMessages } from '../src/realtime/protocol/messages.ts'
import { limitDescriptions } from './limit-descriptions.ts'
import { examples } from './protocol-examples.ts'

type Schema = z.core.JSONSchema.BaseSchema

/** Returns `PROTOCOL.md`, generated from the schemas that validate messages at run time. */
export function protocolDocument(): string {
  return [
    introduction,
    '## Messages of the client\n',
    'Send one JSON object per text message. `ref` is optional in every message and is echoed in the answer. The server ignores unknown fields.\n',
    ...Object.entries(clientActions).map(([name, schema]) => section(name, schema, 'client')),
    '## Messages of the server\n',
    'Ignore unknown types and fields: later versions add new ones.\n',
    ...Object.entries(serverMessages).map(([name, schema]) => section(name, schema, 'server')),
    errorTable(),
    closeTable(),
    limitTable(),
    sequences,
  ].join('\n')
}

function section(name: string, schema: z.ZodType, side: 'client' | 'server'): string {
  const { description = '', properties = {}, required = [] } = jsonSchema(schema)
  const rows = Object.entries(properties)
    .filter(([field]) => field !== 'action' && field !== 'type')
    .map(([field, value]) => {
      const property = value as Schema
      const presence = required.includes(field) ? '' : 'optional'
      return `| \`${field}\` | ${typeOf(property)} | ${presence} | ${property.description ?? ''} |`
    })
  const table = rows.length > 0 ? ['| field | type | | |', '| --- | --- | --- | --- |', ...rows, ''].join('\n') : ''
  const example = examples[side][name]
  const code = example ? `\n\`\`\`json\n${JSON.stringify(example)}\n\`\`\`\n` : ''
  return `### \`${name}\`\n\n${description}\n${code}\n${table}`
}

export function jsonSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeOf(one)))].join(' or ')
  if (schema.type === 'array') return `list of ${typeOf((schema.items ?? {}) as Schema)}`
  if (schema.type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, value]) => {
      const mark = schema.required?.includes(name) ? '' : '?'
      return `${name}${mark}: ${typeOf(value as Schema)}`
    })
    return `{ ${fields.join(', ')} }`
  }
  return String(schema.type ?? 'any JSON')
}

function errorTable(): string {
  const rows = Object.entries(wireErrors).map(
    ([code, { message, hint }]) => `| \`${code}\` | ${message.fr} | ${message.en} | ${hint.replaceAll('|', '\\|')} |`,
  )
  return [
    '## Error codes\n',
    'The connection stays open after an `error`. Its message is in the language of the server (`FOCUS_LOCALE`).\n',
    '| code | fr | en | hint |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function closeTable(): string {
  const own = Object.values(closeCodes).map(({ code, reason, meaning }) => `| ${code} | ${reason} | ${meaning} |`)
  const standard = standardCloseCodes.map(({ code, meaning }) => `| ${code} | | ${meaning} |`)
  return [
    '## Close codes\n',
    '4000 to 4499: connect again. 4500 to 4999: do not connect again until the cause is fixed.\n',
    '| code | reason | what to do |',
    '| --- | --- | --- |',
    ...standard,
    ...own,
    '',
  ].join('\n')
}

function limitTable(): string {
  const rows = Object.entries(limitDescriptions).map(([name, description]) => {
    const value = { ...defaultLimits, ...addressDefaults }[name as keyof typeof defaultLimits]
    const exempt = Object.hasOwn(addressDefaults, name) ? ', loopback exempt' : ''
    return `| \`${name}\` | ${value.toLocaleString('en')}${exempt} | ${description} |`
  })
  return [
    '## Limits\n',
    'Set limits with `createFocus({ websocket: { limits: { … } } })`. Times are in milliseconds, sizes in bytes.\n',
    '| limit | default | what it bounds |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const introduction = `# The Focus real-time protocol, version 1

This document is generated from the schemas in \`src/realtime/protocol\` by \`npm run protocol\`; a test checks that it is up to
date. \`asyncapi.json\`, in the same folder, describes the messages for tools.

## Connecting

Connect to \`ws://host/api/ws/notifications\`. The server selects the subprotocol \`focus.v1\` when the client offers it. JSON
fields are snake_case; times are ISO 8601 in UTC.

**Authentication.** The server uses the first of these that is present:

1. the header \`Authorization: Bearer <access token>\`;
2. \`?ticket=<ticket>\`, from \`POST /api/ws/ticket\`; a ticket is valid for 30 seconds and works once;
3. \`?token=<access token>\`;
4. a first message \`{"action":"auth","token":"<access token>"}\` within 10 seconds.

If the token is missing or invalid, the server still accepts the upgrade and then closes the connection with a close code, because
browser code can read a close code but no HTTP status. Other upgrades are refused over HTTP, with a problem (RFC 9457) as body:
400 for a request that is not a WebSocket handshake, 403 for an origin that is not allowed, 404 when the WebSocket is switched
off, 405 for a method other than GET, 429 for too many connections or invalid tokens from one address and for a user who is over
their budget, 503 at capacity and while the node drains. 429 and 503 carry \`Retry-After\`.

**Query parameters.** \`epoch\`, \`offset\`, \`all_offset\` and \`last_id\` resume from a position. \`events=a,b\` subscribes to topics
from the start, and also filters the replay; more topics than a connection may name are refused with 400.

**Server-Sent Events.** \`GET /api/notifications/stream\` carries the same server messages, one per event, for clients behind
proxies that break WebSocket. The event id is \`epoch:offset:all_offset\`, and \`Last-Event-ID\` resumes. A ticket from
\`POST /api/ws/ticket\` with \`{"use":"stream"}\` can be used again for 12 hours, and ends with its session. After that the server
answers 401, \`EventSource\` stops, and the page must request a new ticket. The last message of a stream that the server ends is
\`close\`, with the code that a WebSocket would get.

## Streams, offsets, delivery

Every user has a stream of notifications, and all users share one stream of broadcasts, named \`all\`. An offset numbers an event of
a stream: a new notification, or a merge into an earlier one. Offsets count from 1 without gaps. The log keeps one row per
notification, so a replay may skip the offsets of rows that were merged into newer ones, were deleted or pruned, have expired, or
are hidden by a filter. A live connection skips only filtered ones.

A connection receives strictly increasing offsets of each stream. The \`offset\` of a heartbeat is the connection's position: every
earlier event for this connection was sent before the heartbeat. A client keeps the highest offset that it saw, in notifications
or heartbeats, and resumes from there. The server detects lost wake-ups and reads the missing events from the log; a client does
not have to look for gaps. Delivery is at least once across reconnects: ignore notifications that are not above the highest
offset seen, and treat a known \`id\` with a higher offset as a newer version of the same notification.

The \`epoch\` identifies one life of the log. It changes when the database is restored; a position is valid only in its own epoch.

The server keeps no queue for a client that reads slowly. Once 64 KiB are unsent, the server stops writing until the client has read
them, and then continues from the log. It also stops reading: actions that arrive in that time are answered afterwards.
A client that does not catch up within 30 seconds is closed with 4008.
`

const sequences = `## Sequences

**First connection.** → upgrade with \`?token=\` ← \`connection\` (keep \`stream\` and \`all\`) → \`subscribe\` ← \`subscribed\`
← \`notification\` … ← \`heartbeat\` (every \`heartbeat_interval\` seconds; if two are missing, the server is gone).

**Reconnect.** → upgrade with \`?token=…&epoch=k3f9&offset=1287&all_offset=7&last_id=…\` ← \`connection\` with
\`resume.recovered: true\` ← missed notifications with \`replayed: true\` ← new notifications.

**Reconnect after a long time.** ← \`connection\` with \`resume.recovered: false\` and a \`reason\` ← in some cases \`gap\` → load the
inbox with \`GET /api/notifications\`, then apply the messages that follow.

**Token about to expire.** ← \`auth_expiring\` → \`auth\` with a fresh token ← \`authenticated\`. Without a fresh token the connection is
closed with 4001.

**Read in another tab.** → \`read\` ← \`read\` with the unread count; all tabs of the user ← \`state\`. A \`state_rev\` in a heartbeat
above the last one seen means that a \`state\` was missed: load the inbox. A \`state\` applies to its notifications as they were at
\`offset\` (broadcasts: \`all_offset\`): a notification into which others were merged later is unread again.

**Expiry.** Show a notification with \`expires_at\` until then. The server removes it within seconds and increases \`state_rev\` for its
user, or for all users when it was a broadcast.

**Deploy.** ← \`reconnect\` with \`after_ms\` ← closed with 1012 at about that time → connect again.
`
