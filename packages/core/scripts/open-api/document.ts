import { z } from 'zod'
import { errorCatalogue, type ErrorCode } from '../../src/common/errors.ts'
import { deliveryOperations } from './delivery-operations.ts'
import { notificationOperations } from './notification-operations.ts'
import type { Operation } from './operation.ts'
import { operatorOperations } from './operator-operations.ts'
import { schemas } from './schemas.ts'
import { signInOperations } from './sign-in-operations.ts'

export const operations: readonly Operation[] = [
  ...signInOperations,
  ...notificationOperations,
  ...deliveryOperations,
  ...operatorOperations,
]

const commonProblems: Readonly<Record<Operation['access'], readonly ErrorCode[]>> = {
  public: [],
  bearer: ['unauthenticated', 'invalid_token', 'token_expired', 'session_revoked', 'rate_limited', 'overloaded'],
  admin: ['unauthenticated', 'invalid_admin_key', 'admin_key_missing', 'rate_limited'],
}

/** Returns `openapi.json` (OpenAPI 3.1), generated from the operations and the schemas that validate requests. */
export function openApi(): string {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) }
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Focus',
      version: '1.0.0',
      description: 'Sign-in and notifications over HTTP. PROTOCOL.md and asyncapi.json describe the WebSocket.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api', description: 'The base path.' }],
    paths,
    components: {
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        adminKey: { type: 'http', scheme: 'bearer', description: '`FOCUS_ADMIN_KEY`' },
      },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)])),
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function describe(operation: Operation): object {
  const { path, method, access, summary, body, query = {}, headers = {} } = operation
  return {
    operationId: operationId(method, path),
    summary,
    security: access === 'public' ? [] : [{ [access === 'bearer' ? 'accessToken' : 'adminKey']: [] }],
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...parameters('query', query),
      ...parameters('header', headers),
    ],
    ...(body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: jsonSchema(body) } } } }),
    responses: { ...answers(operation), ...problems(operation) },
  }
}

function parameters(place: string, all: Readonly<Record<string, z.ZodType>>): object[] {
  return Object.entries(all).map(([name, schema]) => ({
    name,
    in: place,
    required: !schema.safeParse(undefined).success,
    schema: jsonSchema(schema),
  }))
}

function answers({ answers }: Operation): Record<string, object> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => {
      if (answer === null) return [status, { description: status === '101' ? 'The protocol changes.' : 'Done.' }]
      if (typeof answer === 'string')
        return [status, { description: answer, content: content('application/json', reference(answer)) }]
      return [status, { description: answer.description, content: content(answer.mediaType, { type: 'string' }) }]
    }),
  )
}

function problems({ access, problems = [] }: Operation): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set<ErrorCode>([...commonProblems[access], ...problems])) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: content('application/problem+json', reference('Problem')),
      },
    ]),
  )
}

function content(mediaType: string, schema: object): object {
  return { [mediaType]: { schema } }
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

function operationId(method: string, path: string): string {
  const words = path.split(/[/_.:]/).filter(Boolean)
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
