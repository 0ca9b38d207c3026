import { type AuthService, createAuth } from '../../../src/auth/auth.ts'
import { type AuthConfig, fixedAuthConfig } from '../../../src/auth/auth-config.ts'
import { resolveOptions } from '../../../src/options/resolve.ts'
import type { UserDirectory } from '../../../src/auth/accounts/user-directory-port.ts'
import { AdmissionControl } from '../../../src/admission/admission-control.ts'
import { type BudgetOptions, defaultBodyTimeoutMs, resolveBudgets } from '../../../src/admission/budgets.ts'
import { createClientAddressFinder } from '../../../src/net/addresses/client-address.ts'
import { authAdminRoutes } from '../../../src/http/routes/auth-admin/auth-admin-routes.ts'
import { authRoutes } from '../../../src/http/routes/auth/auth-routes.ts'
import { createHandler } from '../../../src/http/handler.ts'
import { createOriginPolicy } from '../../../src/net/origin-policy.ts'
import { createRuntime, type Runtime } from '../../../src/common/runtime.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { KyselyKeyStore } from '../../../src/storage/stores/signing-key-store.ts'
import { migrateToLatest } from '../../../src/storage/migrations/migrate.ts'
import { KyselySingleUseStore } from '../../../src/storage/stores/single-use-store.ts'
import { KyselySessionStore } from '../../../src/storage/stores/session-store.ts'
import { KyselyUserDirectory } from '../../../src/storage/stores/user-directory.ts'
import { type LogLine, recordingLogger } from '@focus-api/core/testing'
import { Sentinel } from './sentinel.ts'

const adminKey = 'admin-key-of-the-tests'
export const secret = 'a secret of the tests that is long enough'
export const publicUrl = 'http://localhost:8000'

export interface AppOptions {
  readonly config?: Partial<AuthConfig>
  readonly runtime?: Partial<Runtime>
  /** A URL, or an open database that stays open; one in memory when absent. */
  readonly database?: string | Database
  readonly users?: (database: Database) => UserDirectory
  readonly limits?: BudgetOptions
  /** Does not call `auth.start()`, which runs background work. */
  readonly idle?: boolean
}

/** The auth room with its routes over a real database, as `createFocus` composes them. */
export interface App {
  readonly auth: AuthService
  readonly database: Database
  readonly config: AuthConfig
  readonly log: readonly LogLine[]
  /** Makes `close` fail when a secret was logged, and a request when a problem contains one (S28). */
  readonly sentinel: Sentinel
  /** A request to a path below `/api`; JSON where `body` is given. */
  request(path: string, init?: RequestOptions): Promise<Response>
  close(): Promise<void>
}

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly bearer?: string
  readonly remoteAddress?: string
}

export async function startApp(options: AppOptions = {}): Promise<App> {
  const given = options.database ?? 'sqlite::memory:'
  const database = typeof given === 'string' ? await openDatabase(given) : given
  await migrateToLatest(database)
  const log = recordingLogger()
  const sentinel = new Sentinel()
  sentinel.guard(secret, adminKey, 'client-secret-1')
  const runtime = createRuntime({ logger: log, ...options.runtime })
  const config: AuthConfig = {
    ...fixedAuthConfig,
    ...resolveOptions({}, {}).auth,
    publicUrl,
    secrets: [secret],
    origins: createOriginPolicy({ allowedOrigins: [], publicUrl: options.config?.publicUrl ?? publicUrl }),
    ...options.config,
  }
  const auth = createAuth({
    config,
    runtime,
    users: options.users?.(database) ?? new KyselyUserDirectory(database, runtime.clock),
    singleUse: new KyselySingleUseStore(database, runtime.clock),
    sessions: new KyselySessionStore(database),
    keys: new KyselyKeyStore(database),
  })
  if (options.idle !== true) await auth.start()
  const handler = createHandler({
    routes: [...authRoutes({ auth, config }), ...authAdminRoutes({ auth })],
    basePath: '/api',
    adminKey,
    origins: config.origins,
    control: new AdmissionControl({
      budgets: resolveBudgets(options.limits ?? { enabled: false, exemptLoopback: false }),
      findAddress: createClientAddressFinder([]),
      logger: runtime.logger,
    }),
    knownToken: (token) => auth.tokens.known?.(token) ?? null,
    verify: ({ secret }) => auth.tokens.verify(secret),
    bodyTimeoutMs: defaultBodyTimeoutMs,
    logger: runtime.logger,
  })
  return {
    auth,
    database,
    config,
    log: log.lines,
    sentinel,
    async request(path, { method, headers = {}, body, bearer, remoteAddress = '192.0.2.1' } = {}) {
      const request = new Request(`${config.publicUrl ?? publicUrl}/api${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      await sentinel.watchRequest(request.url, request.headers, body)
      const response = await handler.fetch(request, { remoteAddress })
      await sentinel.watchResponse(response)
      return response
    },
    async close() {
      await auth.close()
      if (typeof given === 'string') await database.close()
      sentinel.inspectLog(log.lines)
    },
  }
}
