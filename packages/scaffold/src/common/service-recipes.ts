import { lines, text } from './text.ts'
import type { ServiceName } from './project.ts'

/** How a service runs beside the tests and in Compose. The passwords are valid only for one job. */
interface ServiceRecipe {
  readonly image: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  /** Command that Docker runs inside the container to check its health. */
  readonly health: string
  readonly variable: 'DATABASE_URL' | 'REDIS_URL' | 'MONGODB_URL' | 'AMQP_URL'
  readonly url: (host: string, scheme?: string) => string
  /** Directory in which the image stores its data. */
  readonly data: string
}

const password = 'throw-away'

const recipes: Readonly<Record<ServiceName, ServiceRecipe>> = {
  mysql: {
    image: 'mysql:8.4',
    port: 3306,
    environment: { MYSQL_ROOT_PASSWORD: password, MYSQL_DATABASE: 'app_test' },
    health: `mysqladmin ping --host=127.0.0.1 --user=root --password=${password} --silent`,
    variable: 'DATABASE_URL',
    url: (host, scheme = 'mysql') => `${scheme}://root:${password}@${host}:3306/app_test`,
    data: '/var/lib/mysql',
  },
  mariadb: {
    image: 'mariadb:11.4',
    port: 3306,
    environment: { MARIADB_ROOT_PASSWORD: password, MARIADB_DATABASE: 'app_test' },
    health: 'healthcheck.sh --connect --innodb_initialized',
    variable: 'DATABASE_URL',
    url: (host, scheme = 'mysql') => `${scheme}://root:${password}@${host}:3306/app_test`,
    data: '/var/lib/mysql',
  },
  postgres: {
    image: 'postgres:17-alpine',
    port: 5432,
    environment: { POSTGRES_PASSWORD: password, POSTGRES_DB: 'app_test' },
    health: 'pg_isready --username=postgres --dbname=app_test',
    variable: 'DATABASE_URL',
    url: (host, scheme = 'postgres') => `${scheme}://postgres:${password}@${host}:5432/app_test`,
    data: '/var/lib/postgresql/data',
  },
  redis: {
    image: 'redis:7.4-alpine',
    port: 6379,
    environment: {},
    health: 'redis-cli ping',
    variable: 'REDIS_URL',
    url: (host, scheme = 'redis') => `${scheme}://${host}:6379/0`,
    data: '/data',
  },
  mongodb: {
    image: 'mongo:8.0',
    port: 27017,
    environment: {},
    health: "mongosh --quiet --eval 'db.runCommand({ping: 1}).ok'",
    variable: 'MONGODB_URL',
    url: (host, scheme = 'mongodb') => `${scheme}://${host}:27017/app_test`,
    data: '/data/db',
  },
  rabbitmq: {
    image: 'rabbitmq:4.1-alpine',
    port: 5672,
    environment: {},
    health: 'rabbitmq-diagnostics --quiet ping',
    variable: 'AMQP_URL',
    url: (host, scheme = 'amqp') => `${scheme}://guest:guest@${host}:5672/`,
    data: '/var/lib/rabbitmq',
  },
}

/**
 * Returns the environment variable for the address of a service, and its value for a host.
 *
 * @param scheme - URL scheme of the project's driver, when it is not the usual one
 */
export function serviceUrl(name: ServiceName, host: string, scheme?: string): readonly [variable: string, url: string] {
  return [recipes[name].variable, recipes[name].url(host, scheme)]
}

/** Renders `services:` of a job with health checks, so that no step meets a database that is still starting. */
export function workflowServices(names: readonly ServiceName[]): string {
  if (names.length === 0) return ''
  return text`
    services:
      ${lines(...names.map(workflowService))}
  `
}

function workflowService(name: ServiceName): string {
  const { image, port, environment, health } = recipes[name]
  return text`
    ${name}:
      image: ${image}
      ${environmentBlock('env', environment)}
      ports:
        - ${port}:${port}
      options: >-
        --health-cmd="${health}"
        --health-interval=5s
        --health-timeout=5s
        --health-retries=20
  `
}

/** Renders a service of compose.yaml. Its data outlives the container, and only the host can connect to it. */
export function composeService(name: ServiceName): string {
  const { image, port, environment, health, data } = recipes[name]
  return text`
    ${name}:
      image: ${image}
      ${environmentBlock('environment', environment)}
      ports:
        - "127.0.0.1:${port}:${port}"
      volumes:
        - ${name}-data:${data}
      healthcheck:
        test: ["CMD-SHELL", ${JSON.stringify(health)}]
        interval: 5s
        timeout: 5s
        retries: 20
  `
}

function environmentBlock(word: 'env' | 'environment', environment: Readonly<Record<string, string>>): string {
  const entries = Object.entries(environment)
  if (entries.length === 0) return ''
  return text`
    ${word}:
      ${lines(...entries.map(([key, value]) => `${key}: ${value}`))}
  `
}
