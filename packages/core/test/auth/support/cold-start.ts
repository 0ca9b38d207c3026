import { createAuth } from '../../../src/auth/auth.ts'
import { fixedAuthConfig } from '../../../src/auth/auth-config.ts'
import { resolveOptions } from '../../../src/options/resolve.ts'
import { createOriginPolicy } from '../../../src/net/origin-policy.ts'
import { createRuntime } from '../../../src/common/runtime.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { KyselyKeyStore } from '../../../src/storage/stores/signing-key-store.ts'
import { migrateToLatest } from '../../../src/storage/migrations/migrate.ts'
import { KyselySingleUseStore } from '../../../src/storage/stores/single-use-store.ts'
import { KyselySessionStore } from '../../../src/storage/stores/session-store.ts'
import { KyselyUserDirectory } from '../../../src/storage/stores/user-directory.ts'

/** A separate process that starts on an empty database and prints the ids of its public keys. */
const [url = '', secret = ''] = process.argv.slice(2)
const database = await openDatabase(url)
await migrateToLatest(database)
const runtime = createRuntime()
const auth = createAuth({
  config: {
    ...fixedAuthConfig,
    ...resolveOptions({}, {}).auth,
    secrets: [secret],
    origins: createOriginPolicy({ allowedOrigins: [], publicUrl: null }),
  },
  runtime,
  users: new KyselyUserDirectory(database, runtime.clock),
  singleUse: new KyselySingleUseStore(database, runtime.clock),
  sessions: new KyselySessionStore(database),
  keys: new KyselyKeyStore(database),
})
await auth.start()
const { keys } = await auth.keys.jwks()
process.stdout.write(JSON.stringify(keys.map((key) => key.kid)))
await auth.close()
await database.close()
