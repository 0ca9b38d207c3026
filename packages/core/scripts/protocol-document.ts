import { z } from 'zod'
import { addressDefaults, defaultLimits } from '../src/realtime/realtime-limits.ts'
import { clientActions } from '../src/realtime/protocol/actions.ts'
import { closeCodes, standardCloseCodes } from '../src/realtime/protocol/close-codes.ts'
import { wireErrors } from '../src/realtime/protocol/protocol-errors.ts'
import { serverMessages } from '../src/realtime/protocol/messages.ts'
import { limitDescriptions } from './limit-descriptions.ts'
import { examples } from './protocol-examples.ts'

type Schema = z.core.JSONSchema.BaseSchema

/** The whole of `PROTOCOL.md`, made from the schemas that validate at run time. */
export function protocolDocument(): string {
  return [
    introduction,
    '## Messages of the client\n',
    'One JSON object per text message. `ref` is optional on each and comes back in the answer. Unknown fields are ignored.\n',
    ...Object.entries(clientActions).map(([name, schema]) => section(name, schema, 'client')),
    '## Messages of the server\n',
    'Unknown types and fields are to be ignored: they are only ever added.\n',
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
    'The connection stays open after an `error`. Its text is in the language of the server (`FOCUS_LOCALE`).\n',
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
    '4000 to 4499: connect again. 4500 to 4999: stop until something changes.\n',
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
    'Each is set with `createFocus({ websocket: { limits: { … } } })`. Times are milliseconds, sizes bytes.\n',
    '| limit | default | what it bounds |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const introduction = `# The Focus real-time protocol, version 1

This document is generated from the schemas in \`src/realtime/protocol\` by \`pnpm run protocol\`; a test holds it up to date.
\`asyncapi.json\` beside it says the same to machines.

## Connecting

\`ws://host/api/ws/notifications\`. The subprotocol \`focus.v1\` is selected when it is offered. JSON is snake_case, times are
ISO 8601 in UTC.

**Authentication**, the first that is present:

1. the header \`Authorization: Bearer <access token>\`;
2. \`?ticket=<ticket>\`, from \`POST /api/ws/ticket\`; it lives 30 seconds and works once;
3. \`?token=<access token>\`;
4. a first message \`{"action":"auth","token":"<access token>"}\` within 10 seconds.

A bad or missing token is accepted at the HTTP level and then closed with its code, so that browser code can see why.
Before the WebSocket exists an upgrade may be refused over HTTP, with a problem (RFC 9457) as body: 400 for what is no
handshake, 403 for an origin that is not allowed, 404 when the WebSocket is switched off, 405 for another method than GET,
429 for too many connections or bad tokens of one address and for a user over their budget, 503 at capacity and while the
node is leaving; both with \`Retry-After\`.

**Query parameters**: \`epoch\`, \`offset\`, \`all_offset\` and \`last_id\` resume from a position, \`events=a,b\` subscribes to
topics from the start, the replay included; more of them than a connection may have are refused with 400.

**Server-Sent Events**: \`GET /api/notifications/stream\` carries the same messages of the server, one per event, for clients
behind proxies that break WebSocket. The event id is \`epoch:offset:all_offset\`; \`Last-Event-ID\` resumes. A ticket of
\`POST /api/ws/ticket\` with \`{"use":"stream"}\` works as often as needed, for 12 hours and as long as the session lives; after that
the answer is 401, an \`EventSource\` stops, and the page asks for a new ticket. When the server
ends the stream its last message is \`close\`, with the code that a WebSocket would get.

## Streams, offsets, delivery

Every user has a stream of notifications, and there is one shared stream of broadcasts, named \`all\`. An offset numbers an
event of a stream: a new notification, or a merge into an earlier one. Offsets count from 1 without holes. The log keeps one
row per notification, so a replay may skip offsets whose row was merged onwards, deleted or pruned, or has expired, or that
a filter hides; a live connection misses none.

A connection gets strictly increasing offsets of each stream. The \`offset\` of a heartbeat is the connection's position:
everything up to it that concerns the connection was sent before it. A client keeps the highest offset that it saw, in
notifications or heartbeats, and resumes from there. The server notices lost wake-ups and heals them from the log; a client
need not look for gaps. Delivery is at least once across reconnects: drop what is not above the highest offset seen, and
treat a known \`id\` with a higher offset as the newer form of the same notification.

The \`epoch\` names one life of the log. It changes when a database was restored; positions of another epoch mean nothing.

A client that reads too slowly is not queued for: once 64 KiB are unsent it gets nothing more until they are gone, and is
then brought up to date from the log. What it asks for meanwhile is read and answered once it has taken what it was sent;
when that takes longer than 30 seconds it is closed with 4008.
`

const sequences = `## Sequences

**First connection.** → upgrade with \`?token=\` ← \`connection\` (keep \`stream\` and \`all\`) → \`subscribe\` ← \`subscribed\`
← \`notification\` … ← \`heartbeat\` (every \`heartbeat_interval\` seconds; two missing ones mean that the server is gone).

**Reconnect.** → upgrade with \`?token=…&epoch=k3f9&offset=1287&all_offset=7&last_id=…\` ← \`connection\` with
\`resume.recovered: true\` ← missed notifications with \`replayed: true\` ← what is new.

**Reconnect after too long.** ← \`connection\` with \`resume.recovered: false\` and a \`reason\` ← perhaps \`gap\` → load the
inbox with \`GET /api/notifications\`, then go on with what arrives.

**Token about to expire.** ← \`auth_expiring\` → \`auth\` with a fresh token ← \`authenticated\`. Without it: closed with 4001.

**Read in another tab.** → \`read\` ← \`read\` with the unread count; all tabs of the user ← \`state\`. A \`state_rev\` in a
heartbeat above the last one seen means that a \`state\` was missed: load the inbox. What a \`state\` names is read or deleted
in the form that it had up to \`offset\` (broadcasts: \`all_offset\`): a notification that others were merged into later is unread again.

**Expiry.** A notification with \`expires_at\` is shown until then. The server removes it within seconds, which makes \`state_rev\`
jump for its user, and for everybody when it was a broadcast.

**Deploy.** ← \`reconnect\` with \`after_ms\` ← closed with 1012 about then → connect again.
`
