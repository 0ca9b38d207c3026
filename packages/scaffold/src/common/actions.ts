/**
 * Actions that generated workflows use, each pinned to the commit of a release that was reviewed. A tag can be moved to
 * other code; a commit cannot.
 */
const pins = {
  'actions/checkout': ['v7.0.1', '3d3c42e5aac5ba805825da76410c181273ba90b1'],
  'actions/setup-node': ['v7.1.0', '949feb2413d6458794dcd2491c4babbbce0c15c1'],
  'actions/setup-python': ['v7.0.0', '5fda3b95a4ea91299a34e894583c3862153e4b97'],
  'astral-sh/setup-uv': ['v10.0.1', '20cfd1bf945f4377ade1205e4dbc17946fc9a30d'],
  'pnpm/action-setup': ['v6.1.0', 'ea17c68df8912ef543352723c149a84f56e3d413'],
  'oven-sh/setup-bun': ['v2.2.0', '0c5077e51419868618aeaa5fe8019c62421857d6'],
  'codecov/codecov-action': ['v7.0.0', 'fb8b3582c8e4def4969c97caa2f19720cb33a72f'],
  'docker/setup-buildx-action': ['v4.4.1', 'f87e5991a6d7451dcb8d9637bfbc97413f497069'],
  'docker/login-action': ['v4.6.0', 'dbcb813823bdd20940b903addbd779551569679f'],
  'docker/metadata-action': ['v6.2.0', 'dc802804100637a589fabce1cb79ff13a1411302'],
  'docker/build-push-action': ['v7.4.0', 'c3c9e263c25d99ce0380d002d59b67737d91b0dc'],
  'github/codeql-action': ['v4.36.2', '8aad20d150bbac5944a9f9d289da16a4b0d87c1e'],
  'changesets/action': ['v2.1.1', '8488615a623b1b9c987934bb89eae8af6a946ac1'],
  'actions/dependency-review-action': ['v5.0.0', 'a1d282b36b6f3519aa1f3fc636f609c47dddb294'],
  'google/osv-scanner-action': ['v2.5.0', '8deb546fdb875b9996d27d4950be7312dac076a1'],
  'actions/attest': ['v4.2.2', '1e69f48acb82d1966a394da916b4c1698aa569d6'],
  'actions/upload-artifact': ['v7.0.2', 'cf430e030ddbb5b0abf93d22962f4752f3646cd9'],
  'actions/download-artifact': ['v8.0.1', '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c'],
} as const satisfies Record<string, readonly [version: string, commit: string]>

/** Repository of an action in {@link actionPins}. */
export type ActionRepository = keyof typeof pins

/** A reviewed release of an action. */
export interface ActionPin {
  readonly version: string
  readonly commit: string
}

/** The pins by repository, for the policy rules. */
export const actionPins: ReadonlyMap<string, ActionPin> = new Map(
  Object.entries(pins).map(([repository, [version, commit]]) => [repository, { version, commit }]),
)

/**
 * Returns the value of a step's `uses:`, with the version in the comment that Dependabot updates.
 *
 * @param path - folder inside the action's repository, for those that hold several
 */
export function uses(repository: ActionRepository, path = ''): string {
  const [version, commit] = pins[repository]
  return `${repository}${path === '' ? '' : `/${path}`}@${commit} # ${version}`
}
