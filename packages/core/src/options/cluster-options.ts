import { z } from 'zod'
import type { Broker } from '../cluster/broker-port.ts'
import type { Form } from '../schema/option-forms.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'

const brokerNames = ['memory', 'database', 'redis'] as const

const broker: Form<(typeof brokerNames)[number] | Broker> = {
  accepts: `${brokerNames.slice(0, -1).join(', ')} or ${brokerNames.at(-1)}; in code also a broker of the application`,
  short: '`memory`, `database` or `redis`',
  schema: z.union([
    z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), z.enum(brokerNames)),
    forms.objectWith<Broker>('publish', 'subscribe', 'unsubscribe', 'onMessage', 'onConnectionChange', 'close').schema,
  ]),
}

const directUrl: Form<string> = {
  secret: true,
  accepts: 'an address of PostgreSQL such as postgres://user:password@host:5432/name',
  schema: z
    .string()
    .trim()
    .regex(/^postgres(ql)?:\/\/./i),
}

const nodeName: Form<string> = {
  accepts: 'a name of 1 to 64 letters, digits, dots, underscores and hyphens',
  short: '1 to 64 letters, digits, `.`, `_`, `-`',
  schema: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9._-]{1,64}$/),
}

export const clusterOptions = optionTable({
  broker: {
    path: 'broker',
    env: ['FOCUS_BROKER'],
    form: broker,
    default: null,
    defaultText: '`redis` with `REDIS_URL`, otherwise `database`; `memory` for `sqlite::memory:`',
    about: 'what carries notifications between the processes on one database: see [scaling.md](scaling.md)',
  },
  directUrl: {
    path: 'databaseDirectUrl',
    env: ['FOCUS_DATABASE_DIRECT_URL'],
    form: directUrl,
    default: null,
    defaultText: 'the database itself',
    about:
      'with PostgreSQL behind a pooler such as pgbouncer: the address of the database itself, where nodes listen for each other with one connection each',
  },
  redisUrl: {
    path: 'redis',
    env: ['REDIS_URL'],
    form: forms.redisUrl,
    default: null,
    about:
      '`redis://host:6379`, `rediss://…` with TLS, `redis+sentinel://host:26379,host:26379/master`, `redis+cluster://host:6379,host:6379`; carries notifications between nodes, for larger clusters: see [redis.md](redis.md)',
  },
  node: {
    path: 'node',
    env: ['FOCUS_NODE'],
    form: nodeName,
    default: null,
    defaultText: 'the host name and a random suffix',
    about: 'the name of this process in statistics and connection ids; different for each process',
  },
})
