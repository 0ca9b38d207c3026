import { randomBytes } from 'node:crypto'
import { createFocus } from '@focus-api/core'
import type { FocusConfig } from '../config/config-file.ts'
import { focusOptionsOf } from '../config/focus-options.ts'
import type { CommandContext } from '../terminal/context.ts'
import { terminalLogger } from '../terminal/terminal-logger.ts'
import { CommandFailure } from '../terminal/failure.ts'
import { answerOf } from './client.ts'
import type { Routes } from './route-client.ts'

/** Opens the same routes without a server: this process answers them directly from the database. */
export async function openDirectRoutes(
  { env, terminal }: CommandContext,
  config: FocusConfig,
  database: NonNullable<FocusConfig['database']>,
): Promise<Routes> {
  const adminKey = randomBytes(24).toString('base64url')
  const { GOOGLE_CLIENT_ID: _id, GOOGLE_CLIENT_SECRET: _secret, FOCUS_ADMIN_KEY: _key, ...rest } = env
  const focus = await createFocus({
    ...focusOptionsOf(config, env),
    // No user signs in here, so incomplete credentials do not matter.
    env: { ...rest, OAUTH_ENABLED: 'False' },
    database,
    adminKey,
    websocket: { enabled: false },
    logger: terminalLogger(terminal),
  })
  terminal.note(
    'No server is named (--url, FOCUS_URL): working directly on the database, with the settings of this folder.',
  )
  return {
    async call(path, { method = 'GET', body, headers = {} }) {
      const response = await focus.fetch(
        new Request(`http://localhost${focus.basePath}${path}`, {
          method,
          headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      )
      return answerOf(response.ok, await response.text(), (problem) => refusal(response.status, problem))
    },
    close: () => focus.close(),
  }
}

function refusal(status: number, problem: { readonly [field: string]: unknown } | null): CommandFailure {
  const text = (field: string) => (typeof problem?.[field] === 'string' ? problem[field] : undefined)
  const hint = text('hint')
  return new CommandFailure(
    text('code') ?? 'internal',
    text('detail') ?? text('title') ?? `HTTP ${status}`,
    hint === undefined ? {} : { hint },
  )
}
