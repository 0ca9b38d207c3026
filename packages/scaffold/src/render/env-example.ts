import type { Project } from '../common/project.ts'

/** A setting of `.env.example`. */
interface Setting {
  readonly key: string
  readonly value: string
  readonly comment?: string
}

/** Renders the settings of `.env.example` as lines, without those that the file sets outside the generated region. */
export function renderEnvExample(project: Project, present: ReadonlySet<string>): string {
  return settings(project)
    .filter(({ key }) => !present.has(key))
    .map(({ key, value, comment }) => `${comment === undefined ? '' : `# ${comment}\n`}${key}=${value}`)
    .join('\n')
}

/** Returns the keys that a dotenv file sets. */
export function envKeys(source: string): Set<string> {
  return new Set([...source.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map((match) => match[1] ?? ''))
}

function settings(project: Project): Setting[] {
  const origin = `http://localhost:${project.port}`
  return [
    {
      key: 'OAUTH_ENABLED',
      value: 'True',
      comment: 'Sign-in with Google: console.cloud.google.com, APIs & Services, Credentials',
    },
    { key: 'GOOGLE_CLIENT_ID', value: '' },
    { key: 'GOOGLE_CLIENT_SECRET', value: '' },
    {
      key: 'GOOGLE_REDIRECT_URI',
      value: `${origin}/api/auth/google/callback`,
      comment: 'Exactly as in the Google console',
    },
    { key: 'WEBSOCKET_ENABLED', value: 'True' },
    {
      key: 'WEBSOCKET_HEARTBEAT_INTERVAL',
      value: '30',
      comment: 'Seconds; the reverse proxy must wait longer than two of them',
    },
    ...(project.flavour === 'node' ? focusSettings(origin) : []),
    ...Object.entries(project.serviceUrls).map(([key, value]) => ({ key, value })),
    { key: 'PORT', value: String(project.port) },
    { key: 'SLACK_WEBHOOK', value: '', comment: 'Optional' },
  ]
}

function focusSettings(origin: string): Setting[] {
  return [
    { key: 'FOCUS_SECRET', value: '', comment: 'At least 32 random characters: openssl rand -base64 48' },
    {
      key: 'FOCUS_ADMIN_KEY',
      value: '',
      comment: 'For the admin routes and the focus command: openssl rand -base64 32',
    },
    { key: 'FOCUS_PUBLIC_URL', value: origin },
    {
      key: 'FOCUS_ALLOWED_ORIGINS',
      value: 'http://localhost:3000',
      comment: 'Origins of the front ends, separated by commas',
    },
    {
      key: 'FOCUS_TRUSTED_PROXIES',
      value: '',
      comment: 'Reverse proxies that may say who calls; empty means `private` where deploy.sh starts the container',
    },
  ]
}
