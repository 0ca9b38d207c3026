import { beforeAll, describe, expect, test } from 'vitest'
import { detect } from '../src/detect/detect.ts'
import { readGit } from '../src/common/git.ts'
import { lintFiles, lintRepository, rules } from '../src/policy/lint.ts'
import { renderFiles } from '../src/render/render.ts'
import { Repository } from '../src/common/repository.ts'
import { layOut } from '@focus-api/test-kit/processes/repository-folder'

const ci = '.github/workflows/ci.yml'
const cd = '.github/workflows/cd.yml'
const script = 'deploy/deploy.sh'
const nginx = 'deploy/nginx.conf'
const dependabot = '.github/dependabot.yml'

let good: ReadonlyMap<string, string>

beforeAll(() => {
  const root = layOut({
    files: {
      'package.json': JSON.stringify({
        name: 'shop',
        scripts: { lint: 'eslint .', test: 'jest' },
        dependencies: { mysql2: '3', redis: '5' },
      }),
      'package-lock.json': '{}',
    },
  })
  const repository = new Repository(root)
  const files = renderFiles(detect(repository, readGit(root), {}), { domain: 'example.com', readme: null })
  good = new Map(files.map((file) => [file.path, file.text('')]))
})

/** A rule, and an edit that breaks it: the file, the old text and the new text. */
type Violation = readonly [rule: string, what: string, path: string, from: string | RegExp, to: string]

const violations: readonly Violation[] = [
  ['W00', 'a file that is no YAML', ci, 'jobs:', 'jobs: ['],
  ['W00', 'an alias of nothing', ci, 'run: npm ci', 'run: *install'],
  ['W01', 'no permissions', ci, 'permissions:\n  contents: read\n\n', ''],
  ['W01', 'write permissions at the top', ci, 'contents: read', 'contents: write # why'],
  ['W01', 'write-all', cd, 'permissions: {}', 'permissions: write-all'],
  ['W01', 'a write without a reason', cd, ' # Stores it.', ''],
  ['W02', 'an action by tag', ci, /actions\/checkout@\S+ # v7.0.1/, 'actions/checkout@v7'],
  ['W02', 'an action by branch', ci, /codecov\/codecov-action@\S+/, 'codecov/codecov-action@main'],
  ['W02', 'an action without its version', ci, ' # v7.1.0', ''],
  ['W02', 'another commit than the version’s', ci, /actions\/checkout@\S+/, `actions/checkout@${'0'.repeat(40)}`],
  ['W02', 'a container by tag', ci, /actions\/checkout@\S+ # v7.0.1/, 'docker://alpine:3'],
  [
    'W02',
    'a called workflow by tag',
    cd,
    '    runs-on: ubuntu-24.04\n    timeout-minutes: 10',
    '    uses: a/b/.github/workflows/c.yml@v1',
  ],
  ['W03', 'a checkout that keeps the token', ci, '        with:\n          persist-credentials: false\n', ''],
  ['W02', 'another commit, the name in capitals', ci, /actions\/checkout@\S+/, `Actions/Checkout@${'0'.repeat(40)}`],
  [
    'W03',
    'a checkout in capitals',
    ci,
    /actions\/checkout@(\S+ # v7.0.1)\n {8}with:\n {10}persist-credentials: false\n/,
    'Actions/Checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n',
  ],
  ['W04', 'an expression in a script', cd, 'gh release view "$TAG"', 'gh release view "${{ github.ref_name }}"'],
  ['W05', 'pull_request_target', ci, '  pull_request:', '  pull_request_target:'],
  ['W05', 'workflow_run', cd, 'on:\n', 'on:\n  workflow_run:\n    workflows: [CI]\n'],
  ['W05', 'inherited secrets', cd, '    name: Release\n', '    name: Release\n    secrets: inherit\n'],
  ['W05', 'all secrets at once', cd, '${{ secrets.SERVER_HOST }}', '${{ toJSON(secrets) }}'],
  ['W05', 'all secrets at once, over lines', cd, '${{ secrets.SERVER_HOST }}', '${{ toJSON ( secrets ) }}'],
  ['W05', 'any secret by its name', cd, '${{ secrets.SERVER_HOST }}', '${{ secrets[matrix.name] }}'],
  ['W05', 'curl into a shell', ci, 'run: npm ci', 'run: curl -fsSL https://example.com/x | sudo bash'],
  [
    'W05',
    'curl into a shell, over lines',
    ci,
    'run: npm ci',
    'run: |\n          curl https://example.com/x \\\n            | sh',
  ],
  ['W05', 'a shell of what curl brings', ci, 'run: npm ci', 'run: bash <(curl https://example.com/x)'],
  ...[
    'curl https://x | sudo -E bash -',
    'curl https://x | /bin/sh',
    'curl https://x | tee log | sh',
    'curl https://x | LEVEL=1 bash',
    'curl https://x | python3 -',
    'eval "$(curl https://x)"',
    'source <(curl https://x)',
  ].map((command): Violation => ['W05', command, ci, 'run: npm ci', `run: ${command}`]),
  ['W06', 'a job without an end', ci, '    timeout-minutes: 20\n', ''],
  ['W07', 'CI that does not cancel', ci, 'cancel-in-progress: true', 'cancel-in-progress: false'],
  ['W07', 'CI in one group for all', ci, /group: ci-.*/, 'group: ci'],
  ['W07', 'a deployment that is cut off', cd, 'cancel-in-progress: false', 'cancel-in-progress: true'],
  ['W07', 'a group for each ref of a deployment', cd, 'group: deploy-production', 'group: deploy-${{ github.ref }}'],
  ['W08', 'deploy secrets without an environment', cd, '    environment: production\n', ''],
  ['W08', 'deploy secrets in capitals', ci, 'secrets.CODECOV_TOKEN }}', 'SECRETS.server_ssh_key }}'],
  [
    'W08',
    'deploy secrets in the environment of all jobs',
    cd,
    'jobs:\n',
    'env:\n  KEY: ${{ secrets.SERVER_SSH_KEY }}\n\njobs:\n',
  ],
  ['W09', 'a secret in a condition, in capitals', cd, "if: env.SLACK_WEBHOOK != ''", "if: SECRETS.SLACK_WEBHOOK != ''"],
  ['W09', 'a secret in a condition', cd, "if: env.SLACK_WEBHOOK != ''", "if: secrets.SLACK_WEBHOOK != ''"],
  ['W10', 'Slack without a condition', cd, "        if: env.SLACK_WEBHOOK != ''\n", ''],
  ['W11', 'a report without the release', cd, 'needs: [deploy, release]', 'needs: [deploy]'],
  ['W11', 'a report of success only', cd, 'if: "!cancelled()"', 'if: success()'],
  ['W11', 'a report of cancelled runs', cd, 'if: "!cancelled()"', 'if: always()'],
  ['W11', 'a report without the result', cd, '${{ needs.release.result }}', 'success'],
  ['W11', 'a skipped job as a failure', cd, /skipped\)/g, 'neutral)'],
  ['W12', 'Codecov that fails pull requests', ci, /fail_ci_if_error: .*/, 'fail_ci_if_error: true'],
  [
    'W12',
    'a registry login on pull requests',
    ci,
    '      - name: Set up Buildx',
    '      - run: docker login\n      - name: Set up Buildx',
  ],
  [
    'W12',
    'a registry login on pushes and pull requests',
    ci,
    '      - name: Set up Buildx',
    "      - run: docker login\n        if: github.event_name == 'push' || github.event_name == 'pull_request'\n      - name: Set up Buildx",
  ],
  ['W13', 'a service at its latest', ci, 'image: mysql:8.4', 'image: mysql:latest'],
  ['W13', 'a service without a version', ci, 'image: redis:7.4-alpine', 'image: redis'],
  ['W13', 'a service without a health check', ci, '--health-cmd="redis-cli ping"', '--restart=always'],
  [
    'W13',
    'a real password',
    ci,
    'MYSQL_ROOT_PASSWORD: throw-away',
    'MYSQL_ROOT_PASSWORD: ${{ secrets.MYSQL_PASSWORD }}',
  ],
  [
    'W14',
    'a cache in a deployment',
    cd,
    'provenance: mode=max',
    'cache-from: type=gha\n          provenance: mode=max',
  ],
  ['W14', 'a cached builder', cd, '        with:\n          cache-binary: false\n', ''],
  [
    'W14',
    'a cached package manager',
    cd,
    '      - name: Set up Buildx',
    '      - uses: actions/setup-node@949feb2413d6458794dcd2491c4babbbce0c15c1 # v7.1.0\n      - name: Set up Buildx',
  ],
  ['W15', 'npm install', ci, 'run: npm ci', 'run: npm install'],
  ['W15', 'pnpm without the lockfile', ci, 'run: npm ci', 'run: pnpm install'],
  ['W15', 'yarn without the lockfile', ci, 'run: npm ci', 'run: yarn'],
  ['W15', 'bun without the lockfile', ci, 'run: npm ci', 'run: bun install'],
  ['W15', 'a program at its newest', ci, 'run: npm ci', 'run: npx --yes eslint .'],
  ['W15', 'a Python package at its newest', ci, 'run: npm ci', 'run: python -m pip install black'],
  ['W15', 'uv without the lockfile', ci, 'run: npm ci', 'run: uv sync'],
  ['W15', 'a second command that is loose', ci, 'run: npm ci', 'run: npm ci && npm i eslint'],
  ...[
    'npm  install',
    'npm --prefix web install',
    '(npm install)',
    'if true; then npm install; fi',
    'A=1 B=2 npm install',
    'npm update',
    'npm exec eslint',
    'pnpm -r install',
    'uv pip install black',
    'uvx black',
    'uv tool run black',
    'uv add black',
    'poetry add black',
    'python3.12 -m pip install black',
  ].map((command): Violation => ['W15', command, ci, 'run: npm ci', `run: ${command}`]),
  ['W16', 'no provenance', cd, 'provenance: mode=max', 'provenance: false'],
  ['W16', 'no bill of materials', cd, 'sbom: true', 'sbom: false'],
  ['W16', 'nothing attested', cd, 'subject-digest: ${{ steps.build.outputs.digest }}', 'subject-path: x'],
  ['W17', 'the latest image', cd, 'shop@${{ steps.build.outputs.digest }}', 'shop:latest'],
  ['W17', 'a tag for the server', cd, '@${{ steps.build.outputs.digest }}', ':${{ github.ref_name }}'],
  ['W17', 'a moving tag', cd, 'flavor: latest=false', 'flavor: latest=true'],
  ['W18', 'any host key', cd, 'StrictHostKeyChecking=yes', 'StrictHostKeyChecking=no'],
  ['W18', 'a host key on first sight', cd, 'StrictHostKeyChecking=yes', 'StrictHostKeyChecking=accept-new'],
  [
    'W18',
    'a host key fetched by the run',
    cd,
    '          install -m 700',
    '          ssh-keyscan "$SERVER_HOST" >> known_hosts\n          install -m 700',
  ],
  ['W18', 'no refusal without the host key', cd, 'if [ -z "$SERVER_KNOWN_HOSTS" ]', 'if false'],
  ['W18', 'a key that others can read', cd, /install -m 600/g, 'install -m 644'],
  [
    'W18',
    'a key that stays',
    cd,
    '        if: always()\n        run: rm -rf "$RUNNER_TEMP/ssh"',
    '        run: rm -rf "$RUNNER_TEMP/ssh"',
  ],
  [
    'W18',
    'an SSH action',
    cd,
    'run: rm -rf "$RUNNER_TEMP/ssh"',
    'uses: appleboy/ssh-action@0ff4204d59e8e51228ff73bce53f80d53301dee2 # v1.2.5',
  ],
  [
    'W18',
    'a host key fetched in passing',
    cd,
    '          install -m 700',
    '          mkdir -p ~/.ssh && ssh-keyscan "$SERVER_HOST" >> known_hosts\n          install -m 700',
  ],
  ['W18', 'a copy to any host', ci, 'run: npm ci', 'run: scp -o StrictHostKeyChecking=no a "$SERVER_HOST:a"'],
  ['W19', 'a remote script in the workflow', cd, "'bash -s'", "'bash -s' <<'EOF'\n          docker ps\n          EOF"],
  ['W19', 'a remote command in quotes', cd, "'bash -s'", "'docker pull x && docker run x'"],
  ['W19', 'a script that does not exist', cd, 'cat deploy/deploy.sh', 'cat deploy/missing.sh'],
  ['W20', 'a short patience', script, 'HEALTH_TIMEOUT:=120', 'HEALTH_TIMEOUT:=30'],
  ['W20', 'no record of what ran', script, /docker inspect/g, 'docker ps'],
  ['W20', 'a prune of everything', script, ' --filter "until=$PRUNE_AGE"', ''],
  ['W20', 'a failure that looks like success', script, /exit 1/g, 'exit 0'],
  [
    'W20',
    'a prune before the new image is healthy',
    script,
    '  docker pull "$IMAGE"',
    '  docker image prune --filter "until=1h"\n  docker pull "$IMAGE"',
  ],
  ['W21', 'an audit that cannot fail', ci, /npm audit .*/, 'npm audit --omit=dev --audit-level=high || true'],
  [
    'W21',
    'an audit that says it failed, and goes on',
    ci,
    /npm audit .*/,
    'npm audit --omit=dev --audit-level=high || echo',
  ],
  [
    'W21',
    'an audit that cannot fail, over lines',
    ci,
    /run: npm audit .*/,
    'run: |\n          npm audit --omit=dev --audit-level=high \\\n            || true',
  ],
  [
    'W21',
    'a scan of Python that cannot fail',
    ci,
    'run: npm ci',
    'run: pipx run --spec pip-audit==2.9.0 pip-audit -r requirements.txt || true',
  ],
  [
    'W21',
    'a job that may fail',
    ci,
    '    name: Security\n',
    '    name: Security\n    continue-on-error: ${{ true }}\n',
  ],
  ['W21', 'an audit of everything', ci, ' --omit=dev', ''],
  ['W21', 'an audit at any level', ci, ' --audit-level=high', ''],
  ['W21', 'no audit', ci, /npm audit .*/, 'npm --version'],
  [
    'W22',
    'no code analysis',
    ci,
    /github\/codeql-action\/\w+@\S+ # \S+|semgrep\b/g,
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  ],
  [
    'W22',
    'no review of dependencies',
    ci,
    /(?:actions\/dependency-review-action|google\/osv-scanner-action\/osv-scanner-action)@\S+ # \S+/g,
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  ],
  [
    'W23',
    'dependabot without the actions',
    dependabot,
    'package-ecosystem: github-actions',
    'package-ecosystem: gomod',
  ],
  ['W23', 'dependabot.yml that is no YAML', dependabot, 'updates:', 'updates: ['],
  ['W24', 'a release that makes its own tag', cd, / --verify-tag/g, ''],
  ['W24', 'a release without notes', cd, / --generate-notes/g, ''],
  ['W24', 'contents: write elsewhere', cd, 'contents: read\n      id-token', 'contents: write # why\n      id-token'],
  [
    'W24',
    'an action for the release',
    cd,
    '      - name: Create the GitHub release',
    `      - uses: softprops/action-gh-release@${'a'.repeat(40)} # v3.0.3\n      - name: Create the GitHub release`,
  ],
  [
    'W25',
    'a condition in a block scalar',
    cd,
    "if: env.SLACK_WEBHOOK != ''",
    "if: |\n          ${{ env.SLACK_WEBHOOK != '' }}",
  ],
  [
    'W25',
    'a condition with text around it',
    cd,
    "if: startsWith(github.ref, 'refs/tags/v')",
    'if: ${{ github.ref }} == x',
  ],
  ['W26', 'the query in the log', nginx, '$request_method $uri', '$request_method $uri?$args'],
  ['W26', 'the whole request in the log', nginx, '$request_method $uri $server_protocol', '$request'],
  ['W26', 'the referrer in the log', nginx, '$http_user_agent', '$http_referer'],
  ['W26', 'the default log format', nginx, / shop_no_query;| \w+_no_query;/g, ';'],
]

test('finds nothing in generated files', () => {
  expect(lintFiles(good)).toEqual([])
})

describe('each violation is found', () => {
  test.each(violations)('%s: %s', (rule, _what, path, from, to) => {
    const source = good.get(path) ?? ''
    const broken = source.replace(from, () => to)
    expect(broken).not.toBe(source)
    const findings = lintFiles(new Map([...good, [path, broken]])).filter((finding) => finding.rule === rule)
    expect(findings.length).toBeGreaterThan(0)
    for (const finding of findings) {
      expect(finding.path).toBe(path)
      expect(finding.line).toBeGreaterThan(0)
      expect(finding.line).toBeLessThanOrEqual(broken.split('\n').length)
      expect(finding.message).not.toBe('')
      expect(finding.why).not.toBe('')
    }
  })
})

test('has a violation for every rule', () => {
  const numbers = Array.from({ length: 26 }, (_, index) => `W${String(index + 1).padStart(2, '0')}`)
  expect(rules.map(({ id }) => id).sort()).toEqual(numbers)
  expect(numbers.filter((id) => !violations.some(([rule]) => rule === id))).toEqual([])
})

test('W23 asks for dependabot.yml once', () => {
  const without = new Map([...good].filter(([path]) => path !== dependabot))
  expect(lintFiles(without).map(({ rule }) => rule)).toEqual(['W23'])
})

test('names the line', () => {
  const source = good.get(ci) ?? ''
  const line = source.split('\n').findIndex((text) => text.includes('npm ci')) + 1
  const findings = lintFiles(new Map([...good, [ci, source.replace('npm ci', 'npm install')]]))
  expect(findings).toEqual([expect.objectContaining({ rule: 'W15', path: ci, line })])
})

test('accepts valid variants', () => {
  const forms: readonly (readonly [string, string | RegExp, string])[] = [
    [ci, 'run: npm ci', 'run: npm install --global pnpm@12.21.0'],
    [ci, 'run: npm ci', 'run: curl --fail https://example.com/x | jq .'],
    [ci, 'run: npm ci', 'run: npx --yes c8@10.1.3 report'],
    [ci, 'run: npm ci', 'run: pnpm add-something'],
    [ci, 'uses: codecov/', 'uses: ./.github/actions/x #'],
    [ci, 'uses: codecov/codecov-action', 'uses: Codecov/Codecov-Action'],
    [ci, 'security-events: write # CodeQL', '# CodeQL reports here.\n      security-events: write'],
    [ci, 'timeout-minutes: 20', 'timeout-minutes: ${{ fromJSON(vars.MINUTES) }}'],
    [ci, 'run: npm ci', "run: ssh-keygen -t ed25519 -N '' -f key && echo use ssh now"],
    [cd, "if: env.SLACK_WEBHOOK != ''", 'if: env.SLACK_WEBHOOK'],
    [cd, "if: env.SLACK_WEBHOOK != ''", "if: failure() && (env.SLACK_WEBHOOK != '')"],
    [ci, 'run: npm ci', 'run: curl --fail https://example.com/x | python3 -m json.tool'],
    [ci, 'run: npm ci', 'run: command -v curl || sh ./install.sh'],
    [ci, 'run: npm ci', 'run: npm --prefix web ci && npm run update'],
    [ci, 'run: npm ci', 'run: uv pip install --system --index-url https://example.com -r requirements.txt'],
    [ci, 'run: npm ci', 'run: uvx ruff@0.14.0 check'],
    [
      ci,
      /run: npm audit .*/,
      'run: status=0; yarn audit --groups dependencies --level high || status=$?; test "$status" -lt 8',
    ],
    [ci, /run: npm audit .*/, 'run: npm audit --omit=dev --audit-level=high || { echo bad; exit 1; }'],
    [
      ci,
      '      - name: Set up Buildx',
      "      - run: docker login\n        if: github.event_name != 'pull_request' && (github.ref == 'a' || github.ref == 'b')\n      - name: Set up Buildx",
    ],
  ]
  for (const [path, from, to] of forms) {
    const broken = (good.get(path) ?? '').replace(from, () => to)
    expect(lintFiles(new Map([...good, [path, broken]])), to).toEqual([])
  }
})

test('lints a repository with anchors, Windows line ends and a foreign workflow', async () => {
  const root = layOut({
    files: {
      '.github/workflows/a.yml':
        'name: A\r\non: [push]\r\njobs:\r\n  a: &a\r\n    runs-on: ubuntu-latest\r\n    steps:\r\n      - run: npm install\r\n  b: *a\r\n',
      '.github/workflows/notes.txt': 'not a workflow',
    },
  })
  const findings = await lintRepository(root)
  expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['W01', 'W06', 'W15', 'W23']))
})

test('lints a repository without workflows', async () => {
  expect(await lintRepository(layOut({ files: {} }))).toEqual([])
})
