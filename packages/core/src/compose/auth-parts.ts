import { type AuthService, createAuth } from '../auth/auth.ts'
import { type AuthConfig, fixedAuthConfig } from '../auth/auth-config.ts'
import { KyselySessionStore } from '../storage/stores/session-store.ts'
import { KyselyKeyStore } from '../storage/stores/signing-key-store.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'

export interface AuthParts extends Closable {
  readonly auth: AuthService
  readonly config: AuthConfig
}

/** @throws FocusError `storage_unavailable` */
export function composeAuth(foundation: Foundation): Promise<AuthParts> {
  const { settings, runtime, database, secrets, origins, users, singleUse } = foundation
  return openTogether(runtime.logger, async (own) => {
    const config = { ...fixedAuthConfig, ...settings.auth, secrets, origins }
    const auth = own(
      createAuth({
        config,
        runtime,
        users: users.directory,
        userIds: users.ids,
        singleUse,
        sessions: new KyselySessionStore(database),
        keys: new KyselyKeyStore(database),
      }),
    )
    await auth.start()
    return { auth, config }
  })
}
