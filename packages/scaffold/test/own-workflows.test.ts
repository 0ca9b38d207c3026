import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { lintRepository } from '../src/policy/lint.ts'
import { workflowFindings } from './support/validators.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = '.github/workflows'
const workflows = new Map(
  readdirSync(join(root, folder)).map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]),
)

test('this project’s own workflows follow W01 to W26', async () => {
  expect(await lintRepository(root)).toEqual([])
})

test('this project’s own workflows are accepted by both validators', () => {
  expect([...workflows.keys()]).toEqual([`${folder}/ci.yml`, `${folder}/release.yml`, `${folder}/security.yml`])
  expect(workflowFindings(workflows)).toEqual({ languageService: [], actionlint: [] })
}, 60_000)

test('CI runs on every supported Node', () => {
  const ci = parse(workflows.get(`${folder}/ci.yml`) ?? '')
  expect(ci.jobs.test.strategy.matrix.node).toEqual([22, 24, 26])
})

test('jobs that publish build nothing, and jobs that build cannot publish', () => {
  const { jobs } = parse(workflows.get(`${folder}/release.yml`) ?? '')
  expect(jobs.publish.permissions).toEqual({ contents: 'write', 'id-token': 'write' })
  expect(JSON.stringify(jobs.publish)).not.toContain('.ci/run')
  expect(jobs.pack.permissions).toBeUndefined()
})
