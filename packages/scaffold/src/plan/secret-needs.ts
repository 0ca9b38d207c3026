import { Workflow } from '../policy/workflow.ts'

/** A secret that the generated workflows read. */
export interface SecretNeed {
  readonly name: string
  readonly required: boolean
  /** Places such as `ci.yml: test`. */
  readonly used_by: readonly string[]
  /**
   * The environment in which all of its jobs run; null when a job runs without one and sees secrets of the repository
   * only.
   */
  readonly environment: string | null
  readonly description: string
}

const known: Readonly<Record<string, { readonly required: boolean; readonly description: string }>> = {
  DOCKER_USERNAME: { required: true, description: 'Docker Hub user name' },
  DOCKER_PASSWORD: { required: true, description: 'Docker Hub access token that may push' },
  SERVER_HOST: { required: true, description: 'address or domain of the server' },
  SERVER_USERNAME: { required: true, description: 'SSH user on the server, allowed to run docker' },
  SERVER_SSH_KEY: { required: true, description: 'private SSH key of that user' },
  SERVER_KNOWN_HOSTS: {
    required: true,
    description: "the server's host key: ssh-keyscan -t ed25519 <server>, fingerprint compared",
  },
  SLACK_WEBHOOK: { required: false, description: 'Slack incoming webhook; without it nothing is sent' },
  CODECOV_TOKEN: { required: false, description: 'Codecov upload token; private repositories need it' },
  SAFETY_API_KEY: { required: false, description: 'Safety API key; pip-audit scans without it' },
}

/** Returns the secrets of a set of workflows, required ones first. */
export function secretNeeds(workflows: ReadonlyMap<string, string>): SecretNeed[] {
  const users = new Map<string, { readonly places: Set<string>; readonly environments: Set<string> }>()
  for (const [path, source] of workflows) {
    for (const job of new Workflow(source).jobs) {
      for (const name of job.secrets) {
        const place = `${path.split('/').at(-1) ?? path}: ${job.id}`
        const user = users.get(name) ?? { places: new Set(), environments: new Set() }
        user.places.add(place)
        user.environments.add(job.environment)
        users.set(name, user)
      }
    }
  }
  const order = Object.keys(known)
  return [...users]
    .map(([name, { places, environments }]) => ({
      name,
      required: known[name]?.required ?? true,
      used_by: [...places],
      environment: environments.size === 1 ? [...environments][0] || null : null,
      description: known[name]?.description ?? '',
    }))
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}
