import {
  type Budgets,
  defaultBodyTimeoutMs,
  requestsPerMinute,
  requestsPerMinuteOfProcess,
  resolveBudgets,
  userBudget,
} from '../admission/budgets.ts'
import { isLoopbackUrl } from '../net/urls.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable, type Values } from '../schema/option-table.ts'

const limitsPage = '[limits.md](limits.md)'

export const httpOptions = optionTable({
  port: {
    path: 'port',
    env: ['PORT'],
    form: forms.whole('', 0, 65_535),
    default: 8_000,
    about: 'port of `focus dev`, and of the addresses that Focus builds while there is no public URL',
  },
  publicUrl: {
    path: 'publicUrl',
    env: ['FOCUS_PUBLIC_URL'],
    form: forms.httpUrl,
    default: null,
    about: 'where browsers reach the server, such as `https://app.example`',
  },
  basePath: {
    path: 'basePath',
    form: forms.basePath,
    default: '/api',
    about: 'path prefix of all routes',
  },
  allowedOrigins: {
    path: 'allowedOrigins',
    env: ['FOCUS_ALLOWED_ORIGINS'],
    form: forms.origins,
    default: [],
    defaultText: 'the public URL; pages of this machine during development',
    about: 'origins of pages that may call the routes and open the WebSocket, separated by commas',
  },
  trustedProxies: {
    path: 'trustedProxies',
    env: ['FOCUS_TRUSTED_PROXIES'],
    form: forms.proxies,
    default: [],
    about:
      'addresses and CIDR ranges of the reverse proxies in front, separated by commas; also `loopback`, `private`, and `unix` for peers without an address. Only these may name the client address',
  },
  adminKey: {
    path: 'adminKey',
    env: ['FOCUS_ADMIN_KEY'],
    form: forms.adminKey,
    default: null,
    about: 'enables the admin routes, which are closed without it; at least 16 characters',
  },
  rateLimits: {
    path: 'rateLimits',
    form: forms.off,
    replacesGroup: true,
    default: null,
    defaultText: limitsPage,
    about: '`false` switches request limits off',
  },
  exemptLoopback: {
    path: 'rateLimits.exemptLoopback',
    form: forms.yesOrNo,
    default: null,
    defaultText: 'without a public URL',
    about: 'exempts clients on this machine from the limits',
  },
  requestsPerMinute: {
    path: 'rateLimits.perMinute',
    limits: requestsPerMinute,
    defaultText: limitsPage,
    about: 'requests of one address per minute',
  },
  requestsPerMinuteOfProcess: {
    path: 'rateLimits.perProcess',
    limits: requestsPerMinuteOfProcess,
    defaultText: limitsPage,
    about: 'requests per minute of all clients of the process together',
  },
  userBudget: {
    path: 'rateLimits.perUser',
    limits: userBudget,
    defaultText: limitsPage,
    about: 'units of one user over all routes, streams and sockets',
  },
  bodyTimeoutMs: {
    path: 'limits.bodyTimeout',
    form: forms.duration,
    default: defaultBodyTimeoutMs,
    about: 'how long the body of a request may take to arrive',
  },
})

export interface HttpSettings
  extends Pick<
    Values<typeof httpOptions>,
    'publicUrl' | 'basePath' | 'allowedOrigins' | 'trustedProxies' | 'adminKey' | 'bodyTimeoutMs'
  > {
  readonly budgets: Budgets
  /** Where the server is reached: the public URL, else the port on this machine. */
  readonly address: string
}

export function httpSettings(values: Values<typeof httpOptions>): HttpSettings {
  const { publicUrl } = values
  return {
    ...values,
    address: publicUrl ?? `http://localhost:${values.port}`,
    budgets: resolveBudgets({
      enabled: values.rateLimits !== false,
      exemptLoopback: values.exemptLoopback ?? (publicUrl === null || isLoopbackUrl(publicUrl)),
      perMinute: values.requestsPerMinute,
      perProcess: values.requestsPerMinuteOfProcess,
      perUser: values.userBudget,
    }),
  }
}
