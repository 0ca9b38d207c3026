import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { errorOf, focus, type Run } from '../command.ts'
import { edit, layOut, listFiles, text } from '@focus-api/test-kit/processes/repository-folder'

const ci = '.github/workflows/ci.yml'
const files = { 'package.json': '{"name":"shop","dependencies":{"mysql2":"3"}}', 'package-lock.json': '{}' }
// Each test starts the command several times.
vi.setConfig({ testTimeout: 90_000 })

let root: string

beforeEach(() => {
  root = layOut({ files })
})

function init(...args: readonly string[]): Promise<Run> {
  return focus(['init', ...args], { cwd: root })
}

describe('focus init', () => {
  test('writes without asking when there is no terminal, and reports on stderr', async () => {
    const { code, stdout, stderr } = await init()
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('create          .github/workflows/ci.yml')
    expect(stderr).toContain('mysql')
    expect(listFiles(root)).toContain('.focus/ci.json')
  })

  test('--json is one document of a fixed form', async () => {
    const { code, stdout, stderr } = await init('--json', '--diff')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.trimEnd()).not.toContain('\n')
    const document = JSON.parse(stdout)
    expect(Object.keys(document)).toEqual(['ok', 'schema', 'detected', 'files', 'secrets', 'warnings'])
    expect(document).toMatchObject({ ok: true, schema: 1, detected: { flavour: 'node', package_manager: 'npm' } })
    for (const file of document.files) {
      expect(file).toMatchObject({
        path: expect.any(String),
        state: 'create',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(file.diff).toContain(`+++ b/${file.path}`)
    }
    const names = document.secrets.map(({ name }: { name: string }) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'DOCKER_USERNAME',
        'DOCKER_PASSWORD',
        'SERVER_HOST',
        'SERVER_USERNAME',
        'SERVER_SSH_KEY',
        'SLACK_WEBHOOK',
      ]),
    )
    expect(document.secrets).toContainEqual(
      expect.objectContaining({ name: 'SLACK_WEBHOOK', required: false, used_by: ['cd.yml: notify'] }),
    )
    expect(document.secrets).toContainEqual(
      expect.objectContaining({ name: 'SERVER_SSH_KEY', required: true, used_by: ['cd.yml: deploy'] }),
    )
  })

  test('exits 0, 3 and 4: done, drift, conflict', async () => {
    expect((await init('--check')).code).toBe(3)
    expect(listFiles(root)).toEqual(['package-lock.json', 'package.json'])
    expect((await init('--yes')).code).toBe(0)
    expect((await init('--check')).code).toBe(0)
    const manifest = JSON.parse(text(root, '.focus/ci.json'))
    manifest.files[ci].base = manifest.files[ci].base.replace('name: CI', 'name: Continuous')
    writeFileSync(join(root, '.focus/ci.json'), JSON.stringify(manifest))
    edit(root, ci, 'name: CI', 'name: Mine')
    const conflict = await init('--json')
    expect(conflict.code).toBe(4)
    expect(JSON.parse(conflict.stdout)).toMatchObject({
      ok: false,
      files: expect.arrayContaining([
        expect.objectContaining({ path: ci, state: 'conflict', conflict_copy: `${ci}.focus-new` }),
      ]),
    })
  })

  test('exits 2 with the flag that decides, and writes nothing', async () => {
    writeFileSync(join(root, 'yarn.lock'), '')
    const run = await init('--json')
    expect(run.code).toBe(2)
    expect(errorOf(run)).toMatchObject({ code: 'contradictory_lockfiles', hint: expect.stringContaining('--pm yarn') })
    expect((await init('--pm', 'yarn')).code).toBe(0)
  })

  test('exits 2 for an unknown option, and names the nearest one', async () => {
    const run = await init('--forse', '--json')
    expect(run.code).toBe(2)
    expect(errorOf(run).hint).toContain('--force')
  })

  test('exits 2 for --check with --force', async () => {
    const run = await init('--check', '--force', '--json')
    expect([run.code, errorOf(run).code]).toEqual([2, 'invalid_option'])
  })

  test('writes the requested targets', async () => {
    expect((await init('ci', 'badges')).code).toBe(0)
    expect(listFiles(root)).toEqual(['.focus/ci.json', ci, 'README.md', 'package-lock.json', 'package.json'])
    expect((await init('--only', 'nginx,env')).code).toBe(0)
    expect(listFiles(root)).toEqual(expect.arrayContaining(['.env.example', 'deploy/nginx.conf']))
    expect(listFiles(root)).not.toContain('Dockerfile')
  })

  test('--dry-run --diff shows a patch on stdout and writes nothing', async () => {
    const { code, stdout } = await init('--dry-run', '--diff', 'nginx')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^--- \/dev\/null\n\+\+\+ b\/deploy\/nginx\.conf\n/)
    expect(listFiles(root)).toEqual(['package-lock.json', 'package.json'])
  })

  test('works in another folder', async () => {
    const run = await focus(['init', '--cwd', root, 'env'], { cwd: temporaryFolder('other') })
    expect(run.code).toBe(0)
    expect(listFiles(root)).toContain('.env.example')
  })
})

describe('focus init secrets', () => {
  test('rejects an invalid repository name', async () => {
    const run = await init('secrets', '--repo', 'shop', '--json')
    expect([run.code, errorOf(run).code]).toEqual([2, 'invalid_repo'])
  })

  test('lists the secrets that GitHub must hold', async () => {
    const { code, stdout } = await init('secrets')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^DOCKER_USERNAME\s+required/m)
    expect(stdout).toMatch(/^SLACK_WEBHOOK\s+optional/m)
    const document = JSON.parse((await init('secrets', '--json')).stdout)
    expect(document).toMatchObject({
      ok: true,
      secrets: expect.arrayContaining([
        expect.objectContaining({ name: 'SERVER_KNOWN_HOSTS', required: true, environment: 'production' }),
        expect.objectContaining({ name: 'SLACK_WEBHOOK', required: false, environment: null }),
      ]),
    })
  })

  test('passes the values of the environment to gh over stdin, each for the place where its jobs see it', async () => {
    const bin = temporaryFolder('gh')
    writeFileSync(
      join(bin, 'gh'),
      `#!/bin/sh\nprintf '%s <' "$*" >> "${bin}/log"\ncat >> "${bin}/log"\necho '>' >> "${bin}/log"\n`,
    )
    chmodSync(join(bin, 'gh'), 0o755)
    const env = {
      PATH: `${bin}:${process.env['PATH']}`,
      SERVER_HOST: '203.0.113.7',
      SLACK_WEBHOOK: 'https://hooks.example.com/x',
    }
    const run = await focus(['init', 'secrets', '--set', '--environment', 'production', '--json'], { cwd: root, env })
    expect(run.code).toBe(0)
    expect(JSON.parse(run.stdout).set).toEqual(['SERVER_HOST', 'SLACK_WEBHOOK'])
    expect(readFileSync(join(bin, 'log'), 'utf8')).toBe(
      'secret set SERVER_HOST --env production <203.0.113.7>\nsecret set SLACK_WEBHOOK <https://hooks.example.com/x>\n',
    )
    expect(run.stdout + run.stderr).not.toContain('hooks.example.com')
  })

  test('gives a hint when gh fails, is missing, or has nothing to set', async () => {
    const bin = temporaryFolder('gh')
    writeFileSync(join(bin, 'gh'), '#!/bin/sh\necho "HTTP 403: no rights" >&2\nexit 1\n')
    chmodSync(join(bin, 'gh'), 0o755)
    const set = (env: NodeJS.ProcessEnv) => focus(['init', 'secrets', '--set', '--json'], { cwd: root, env })
    const failed = await set({ PATH: `${bin}:${process.env['PATH']}`, SERVER_HOST: 'x' })
    expect([failed.code, errorOf(failed).code]).toEqual([1, 'gh_failed'])
    expect(errorOf(failed).message).toContain('no rights')
    rmSync(join(bin, 'gh'))
    const missing = await set({ PATH: bin, SERVER_HOST: 'x' })
    expect([missing.code, errorOf(missing).code]).toEqual([1, 'gh_missing'])
    const nothing = await set({})
    expect([nothing.code, errorOf(nothing).code]).toEqual([2, 'no_values'])
  })
})

test('focus doctor checks workflows against the same rules', async () => {
  await init('ci', 'dependabot')
  const policy = async (): Promise<{ status: string; message: string }[]> => {
    const { stdout } = await focus(['doctor', '--json'], { cwd: root })
    return JSON.parse(stdout).checks.filter(({ check }: { check: string }) => check === 'workflows.policy')
  }
  expect(await policy()).toEqual([expect.objectContaining({ status: 'ok' })])
  edit(root, ci, 'persist-credentials: false', 'persist-credentials: true')
  expect(await policy()).toEqual([
    expect.objectContaining({
      status: 'warning',
      message: expect.stringMatching(/^\.github\/workflows\/ci\.yml:\d+ breaks W03 /),
    }),
  ])
})
