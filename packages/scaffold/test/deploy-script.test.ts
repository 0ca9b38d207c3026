import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { scaffold } from '../src/scaffold.ts'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { FakeServer } from './support/fake-server.ts'
import { layOut, text } from '@focus-api/test-kit/processes/repository-folder'
import { runStep, scriptStep } from './support/workflow-steps.ts'

let root: string
let script: string
let server: FakeServer

const before = 'sha256:before'
const image = (name: string) => `docker.io/acme/shop@sha256:${name}`

beforeAll(async () => {
  root = layOut({ files: { 'package.json': '{"name":"shop"}', 'package-lock.json': '{}' } })
  await scaffold(root)
  script = text(root, 'deploy/deploy.sh')
})

beforeEach(() => {
  server = new FakeServer()
})

function deploy(env: NodeJS.ProcessEnv, input = script) {
  const { status, stdout, stderr } = spawnSync('bash', ['-s'], {
    input,
    env: { ...server.env, ...env },
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

describe('W20: the deploy script', () => {
  test('starts a healthy image, then prunes once by age', () => {
    server.running = before
    expect(deploy({ IMAGE: image('good') })).toMatchObject({ status: 0 })
    expect(server.running).toBe(image('good'))
    expect(server.called('docker image prune')).toEqual([
      'docker image prune --all --force --filter until=168h --filter label=focus.application=shop',
    ])
    expect(server.calls.findIndex((call) => call.startsWith('docker image prune'))).toBeGreaterThan(
      server.calls.findIndex((call) => call.startsWith('curl')),
    )
  })

  test('accepts the image as an argument', () => {
    const { status } = spawnSync('bash', [join(root, 'deploy/deploy.sh'), image('good')], { env: server.env })
    expect([status, server.running]).toEqual([0, image('good')])
  })

  test('restores the old image when the new one does not answer within 120 s, and prunes nothing', () => {
    server.running = before
    const { status, output } = deploy({ IMAGE: image('sick') })
    expect([status, server.running]).toEqual([1, before])
    expect(server.called('docker image prune')).toEqual([])
    expect(server.called('sleep').length * 2).toBeGreaterThanOrEqual(120)
    expect(output).toContain(`log of ${image('sick')}`)
    expect(output).toContain('Rolled back')
  })

  test('restores the old image when the new one cannot be started', () => {
    server.running = before
    expect(deploy({ IMAGE: image('crash') }).status).toBe(1)
    expect(server.running).toBe(before)
    expect(server.called('docker image prune')).toEqual([])
  })

  test('does not touch the running container when the image cannot be pulled', () => {
    server.running = before
    expect(deploy({ IMAGE: image('missing') }).status).toBe(1)
    expect(server.running).toBe(before)
    expect(server.called('docker stop')).toEqual([])
    expect(server.called('docker run')).toEqual([])
  })

  test('reports that the old image is not healthy either', () => {
    server.running = 'sha256:sick-before'
    const { status, output } = deploy({ IMAGE: image('sick') })
    expect([status, server.running]).toEqual([1, 'sha256:sick-before'])
    expect(output).toContain('not healthy either')
  })

  test('leaves nothing running when a first image is bad', () => {
    expect(deploy({ IMAGE: image('sick') }).status).toBe(1)
    expect(server.running).toBeNull()
  })

  test('rejects an image without a digest before any other step', () => {
    server.running = before
    expect(deploy({ IMAGE: 'docker.io/acme/shop:v1' }).status).toBe(2)
    expect(deploy({}).status).toBe(2)
    expect(server.calls).toEqual([])
  })

  test('does nothing when only a part of the script arrives', () => {
    server.running = before
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      deploy({ IMAGE: image('good') }, script.slice(0, Math.floor(script.length * share)))
    }
    expect([server.running, server.calls]).toEqual([before, []])
  })

  test('gives the container its environment file, its port on loopback only, and no privileges', () => {
    writeFileSync(join(server.folder, 'shop.env'), 'A=b\n')
    expect(deploy({ IMAGE: image('good'), PORT: '9000' }).status).toBe(0)
    const [run] = server.called('docker run')
    expect(run).toContain(`--env-file ${server.folder}/shop.env`)
    expect(run).toContain('--publish 127.0.0.1:9000:9000')
    expect(run).toContain('--cap-drop ALL')
    expect(server.called('curl')[0]).toContain('http://127.0.0.1:9000/api/health')
  })

  test('V6: makes the application trust the reverse proxy in front of the container, unless its environment names one', () => {
    expect(deploy({ IMAGE: image('good') }).status).toBe(0)
    writeFileSync(join(server.folder, 'shop.env'), 'FOCUS_TRUSTED_PROXIES=\n')
    expect(deploy({ IMAGE: image('good') }).status).toBe(0)
    writeFileSync(join(server.folder, 'shop.env'), 'FOCUS_TRUSTED_PROXIES=10.0.0.7\n')
    expect(deploy({ IMAGE: image('good') }).status).toBe(0)
    const trusting = server.called('docker run').map((run) => run.includes('--env FOCUS_TRUSTED_PROXIES=private'))
    expect(trusting).toEqual([true, true, false])
  })

  test('logs in for this run only, and never with the password as an argument', () => {
    expect(deploy({ IMAGE: image('good'), DOCKER_USERNAME: 'acme', DOCKER_PASSWORD: 'pass word' }).status).toBe(0)
    expect(readFileSync(join(server.folder, 'password'), 'utf8')).toBe('pass word\n')
    expect(existsSync(readFileSync(join(server.folder, 'config'), 'utf8').trim())).toBe(false)
    expect(server.calls.join('\n')).not.toContain('pass word')
  })
})

describe('the steps of the job deploy', () => {
  const secrets = {
    'secrets.SERVER_HOST': '203.0.113.7',
    'secrets.SERVER_USERNAME': 'deployer',
    'secrets.SERVER_SSH_KEY': '-----BEGIN KEY-----\nabc\n-----END KEY-----',
    'secrets.SERVER_KNOWN_HOSTS': '203.0.113.7 ssh-ed25519 AAAA',
    'secrets.DOCKER_USERNAME': 'acme',
    'secrets.DOCKER_PASSWORD': "it's $HOME; `id`",
    "vars.SERVER_PORT || '22'": '2222',
    'steps.build.outputs.digest': 'sha256:good',
  }

  function step(name: string, changed: Partial<typeof secrets> = {}) {
    const temporary = temporaryFolder('runner')
    const run = (which: string) =>
      runStep(scriptStep(text(root, '.github/workflows/cd.yml'), 'deploy', which, { ...secrets, ...changed }), root, {
        ...server.env,
        RUNNER_TEMP: temporary,
      })
    return { temporary, run, result: run(name) }
  }

  test('W18: keep the key where only the runner can read it, and remove it', () => {
    const { temporary, run, result } = step('Prepare SSH')
    expect(result.status).toBe(0)
    expect(statSync(join(temporary, 'ssh/key')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(temporary, 'ssh/key'), 'utf8')).toBe(`${secrets['secrets.SERVER_SSH_KEY']}\n`)
    expect(readFileSync(join(temporary, 'ssh/known_hosts'), 'utf8')).toBe(`${secrets['secrets.SERVER_KNOWN_HOSTS']}\n`)
    expect(run('Remove the SSH key').status).toBe(0)
    expect(existsSync(join(temporary, 'ssh'))).toBe(false)
  })

  test('W18: stop without the host key, and print how to obtain it', () => {
    const { temporary, result } = step('Prepare SSH', { 'secrets.SERVER_KNOWN_HOSTS': '' })
    expect(result.status).toBe(1)
    expect(result.output).toContain('ssh-keyscan')
    expect(existsSync(join(temporary, 'ssh'))).toBe(false)
  })

  test('W17, W19: send the script to the server with the digest and without a secret among the arguments', () => {
    server.running = before
    const { result } = step('Deploy over SSH')
    expect(result.output).toContain('docker.io/acme/shop@sha256:good is healthy.')
    expect([result.status, server.running]).toEqual([0, 'docker.io/acme/shop@sha256:good'])
    const [call] = server.called('ssh')
    expect(call).toContain('-p 2222')
    expect(call).toContain('StrictHostKeyChecking=yes')
    expect(call?.endsWith('deployer@203.0.113.7 bash -s')).toBe(true)
    expect(server.calls.join('\n')).not.toContain("it's")
    expect(readFileSync(join(server.folder, 'password'), 'utf8')).toBe(`${secrets['secrets.DOCKER_PASSWORD']}\n`)
  })

  test('W20: fail when the server rolled back', () => {
    server.running = before
    const { result } = step('Deploy over SSH', { 'steps.build.outputs.digest': 'sha256:sick' })
    expect([result.status, server.running]).toEqual([1, before])
  })
})
