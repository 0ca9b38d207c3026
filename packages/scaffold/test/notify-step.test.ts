import { once } from 'node:events'
import { createServer } from 'node:http'
import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requireBinary } from '@focus-api/test-kit/servers/binaries'
import { scaffold } from '../src/scaffold.ts'
import { layOut, text } from '@focus-api/test-kit/processes/repository-folder'
import { scriptStep } from './support/workflow-steps.ts'

/** The message that the webhook received, as Slack would parse it. */
const received: { readonly text: string }[] = []
let status = 200
const slack = createServer((request, response) => {
  void readAll(request).then((body) => {
    received.push(JSON.parse(body))
    response.writeHead(status).end('ok')
  })
})
let workflow: string

beforeAll(async () => {
  requireBinary('jq')
  requireBinary('curl')
  slack.listen(0, '127.0.0.1')
  await once(slack, 'listening')
  const root = layOut({ files: { 'package.json': '{"name":"shop"}', 'package-lock.json': '{}' } })
  await scaffold(root)
  workflow = text(root, '.github/workflows/cd.yml')
})

afterAll(() => slack.close())

async function notify(deploy: string, release: string, ref = 'v1.2.0'): Promise<number> {
  const { port } = slack.address() as AddressInfo
  const step = scriptStep(workflow, 'notify', 'Tell Slack what happened where', {
    'secrets.SLACK_WEBHOOK': `http://127.0.0.1:${port}/hook`,
    'needs.deploy.result': deploy,
    'needs.release.result': release,
    'needs.deploy.outputs.digest': deploy === 'success' ? 'sha256:abc' : '',
    'github.repository': 'acme/shop',
    'github.ref_name': ref,
    'github.sha': '0123456789abcdef',
    'github.actor': 'alice',
    'github.server_url': 'https://github.com',
    'github.run_id': '42',
  })
  const child = spawn('bash', ['-e', '-c', step.run], {
    env: { PATH: process.env['PATH'], ...step.env },
    stdio: 'ignore',
  })
  const [code] = await once(child, 'close')
  return Number(code)
}

test('reports the deployment, its author and its run', async () => {
  expect(await notify('success', 'success')).toBe(0)
  const message = received.at(-1)?.text ?? ''
  for (const part of [
    'acme/shop',
    'deployed to production',
    'release v1.2.0 created',
    '0123456 by alice',
    'shop@sha256:abc',
    'https://github.com/acme/shop/actions/runs/42',
  ]) {
    expect(message).toContain(part)
  }
})

test('W11: a failed deployment is a failure, and a skipped release is not', async () => {
  await notify('success', 'skipped', 'main')
  expect(received.at(-1)?.text).toContain('no release')
  expect(received.at(-1)?.text).not.toContain(':x:')
  await notify('failure', 'skipped', 'main')
  expect(received.at(-1)?.text).toContain(':x: deployment to production: failure')
})

test('a ref with quotes and Slack markup stays text', async () => {
  expect(await notify('success', 'success', `v1"'<!channel>&`)).toBe(0)
  expect(received.at(-1)?.text).toContain(`v1"'&lt;!channel&gt;&amp;`)
})

test('fails when Slack refuses the message', async () => {
  status = 403
  expect(await notify('success', 'success')).not.toBe(0)
})
