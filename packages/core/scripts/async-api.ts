import type { z } from 'zod'
import { clientActions } from '../src/realtime/protocol/actions.ts'
import { serverMessages } from '../src/realtime/protocol/messages.ts'
import { examples } from './protocol-examples.ts'
import { jsonSchema } from './protocol-document.ts'

/** Returns `asyncapi.json` (AsyncAPI 3.0), generated from the schemas that validate messages at run time. */
export function asyncApi(): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Focus real-time notifications',
      version: '1.0.0',
      description: 'PROTOCOL.md describes the order of messages, resuming and close codes.',
      license: { name: 'MIT' },
    },
    servers: { local: { host: 'localhost:8000', protocol: 'ws' } },
    channels: {
      notifications: {
        address: '/api/ws/notifications',
        bindings: {
          ws: {
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                token: { type: 'string', description: 'Access token.' },
                ticket: { type: 'string', description: 'From POST /api/ws/ticket; works once.' },
                epoch: { type: 'string' },
                offset: { type: 'integer', minimum: 0 },
                all_offset: { type: 'integer', minimum: 0 },
                last_id: { type: 'string' },
                events: { type: 'string', description: 'Topics, separated by commas.' },
              },
            },
          },
        },
        messages: Object.fromEntries([
          ...Object.keys(clientActions).map((name) => [clientName(name), reference('messages', clientName(name))]),
          ...Object.keys(serverMessages).map((name) => [name, reference('messages', name)]),
        ]),
      },
    },
    operations: {
      sendToServer: operation('receive', Object.keys(clientActions).map(clientName)),
      receiveFromServer: operation('send', Object.keys(serverMessages)),
    },
    components: {
      messages: Object.fromEntries([
        ...Object.entries(clientActions).map(([name, schema]) => [
          clientName(name),
          message(schema, examples.client[name]),
        ]),
        ...Object.entries(serverMessages).map(([name, schema]) => [name, message(schema, examples.server[name])]),
      ]),
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Prefixes the name, because `read` and others exist in both directions. */
function clientName(action: string): string {
  return `action.${action}`
}

function reference(kind: string, name: string) {
  return { $ref: `#/components/${kind}/${name}` }
}

function operation(action: 'send' | 'receive', names: readonly string[]) {
  const channel = '#/channels/notifications'
  return {
    action,
    channel: { $ref: channel },
    messages: names.map((name) => ({ $ref: `${channel}/messages/${name}` })),
  }
}

function message(schema: z.ZodType, payload: object | undefined) {
  const { description, ...body } = jsonSchema(schema)
  return {
    summary: description,
    contentType: 'application/json',
    payload: body,
    examples: payload ? [{ payload }] : [],
  }
}
