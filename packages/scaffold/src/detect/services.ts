import { serviceUrl } from '../common/service-recipes.ts'
import { type Answers, type ServiceName, serviceNames } from '../common/project.ts'
import type { Facts } from './facts.ts'

/** Drivers by package name, with the service and, if it is not the usual one, the URL scheme. */
const drivers: Readonly<Record<string, readonly [ServiceName, scheme?: string]>> = {
  // Node
  mysql: ['mysql'],
  mysql2: ['mysql'],
  mariadb: ['mariadb'],
  pg: ['postgres'],
  postgres: ['postgres'],
  redis: ['redis'],
  ioredis: ['redis'],
  bullmq: ['redis'],
  mongodb: ['mongodb'],
  mongoose: ['mongodb'],
  amqplib: ['rabbitmq'],
  // Python
  pymysql: ['mysql', 'mysql+pymysql'],
  aiomysql: ['mysql', 'mysql+aiomysql'],
  asyncmy: ['mysql', 'mysql+asyncmy'],
  mysqlclient: ['mysql'],
  'mysql-connector-python': ['mysql', 'mysql+mysqlconnector'],
  asyncpg: ['postgres', 'postgresql+asyncpg'],
  psycopg: ['postgres', 'postgresql+psycopg'],
  'psycopg2-binary': ['postgres', 'postgresql'],
  psycopg2: ['postgres', 'postgresql'],
  pymongo: ['mongodb'],
  motor: ['mongodb'],
  celery: ['redis'],
  pika: ['rabbitmq'],
  'aio-pika': ['rabbitmq'],
}

/** Databases that run inside the process and need no service. */
const embeddedDatabases = ['better-sqlite3', 'sqlite3', 'libsql', '@libsql/client', 'aiosqlite']

/** Services of the guide's workflow; the default when no driver is found. */
const guideServices: readonly ServiceName[] = ['mysql', 'redis']

/** Detects the services that the tests need, from the drivers among the dependencies. */
export function detectServices(
  dependencies: ReadonlySet<string>,
  manifest: string,
  answers: Answers,
  facts: Facts,
): { readonly names: readonly ServiceName[]; readonly urls: Readonly<Record<string, string>> } {
  const schemes = new Map<ServiceName, string | undefined>()
  const because = new Map<ServiceName, string>()
  for (const [driver, [service, scheme]] of Object.entries(drivers)) {
    if (!dependencies.has(driver)) continue
    if (!schemes.has(service) || scheme !== undefined) schemes.set(service, scheme)
    because.set(service, driver)
  }
  const names = choose(dependencies, [...because.keys()], answers)
  for (const name of names.services) {
    facts.note('service', name, names.from ?? `${manifest}: ${because.get(name) ?? name}`)
  }
  if (names.services.length === 0) facts.note('service', 'none', names.from ?? manifest)
  const urls: Record<string, string> = {}
  for (const name of names.services) {
    const [variable, url] = serviceUrl(name, '127.0.0.1', schemes.get(name))
    urls[variable] ??= url
  }
  return { names: names.services, urls }
}

function choose(
  dependencies: ReadonlySet<string>,
  found: readonly ServiceName[],
  answers: Answers,
): { readonly services: readonly ServiceName[]; readonly from?: string } {
  if (answers.services !== undefined) {
    const requested = answers.services
    return { services: serviceNames.filter((name) => requested.includes(name)), from: '--services' }
  }
  if (found.length > 0) return { services: serviceNames.filter((name) => found.includes(name)) }
  const embedded = embeddedDatabases.find((name) => dependencies.has(name))
  if (embedded !== undefined && !dependencies.has('@focus-api/core')) {
    return { services: [], from: `${embedded} needs no service` }
  }
  return { services: guideServices, from: 'the default; no driver among the dependencies' }
}
