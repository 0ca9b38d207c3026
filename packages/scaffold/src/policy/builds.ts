import { callsSsh } from './shell.ts'
import type { WorkflowRule } from './rule.ts'
import { stringOf, table } from './workflow.ts'

/** W13: service containers beside the tests. */
export const serviceImages: WorkflowRule = {
  id: 'W13',
  what: 'service images pinned to a tag, with health checks; only throw-away passwords',
  why: 'an unpinned image breaks tests when it changes, a database that is still starting makes them flaky, and a real password appears in the log',
  *workflow(workflow) {
    for (const job of workflow.jobs) {
      for (const [name, value] of Object.entries(table(job.table['services']))) {
        const service = table(value)
        const line = job.lineOf('services', name)
        if (!/(?::(?!latest$)[\w][\w.-]*|@sha256:[0-9a-f]{64})$/.test(stringOf(service['image']))) {
          yield { line, message: `Pin the image of service ${name} to a version.` }
        }
        if (!/--health-cmd/.test(stringOf(service['options']))) {
          yield { line, message: `Give service ${name} a health check (--health-cmd).` }
        }
        if (/\bsecrets\b/.test(JSON.stringify(service))) {
          yield { line, message: `Give service ${name} a throw-away password, not a secret.` }
        }
      }
    }
  },
}

/** W14: published artifacts contain nothing that another run wrote. */
export const noCacheInDeployments: WorkflowRule = {
  id: 'W14',
  what: 'no cache is restored in a workflow that deploys or publishes',
  why: 'runs share caches: a user who can write one could put code into the release',
  *workflow(workflow) {
    if (!workflow.deploys) return
    for (const step of workflow.steps) {
      const message = restoredCache(step.action, step.inputs)
      if (message !== undefined) yield { line: step.line, message }
    }
  },
}

function restoredCache(action: string, inputs: Readonly<Record<string, unknown>>): string | undefined {
  const off = (input: string) => stringOf(inputs[input]) === 'false'
  if (action === 'actions/cache' || action === 'actions/cache/restore') return 'Restore no cache here.'
  if (action === 'docker/setup-buildx-action' && !off('cache-binary')) return 'Add `cache-binary: false`.'
  if (action === 'actions/setup-node' && !off('package-manager-cache')) return 'Add `package-manager-cache: false`.'
  if (action === 'astral-sh/setup-uv' && !off('enable-cache')) return 'Add `enable-cache: false`.'
  if (action === 'docker/build-push-action' && inputs['cache-from'] !== undefined) return 'Remove `cache-from`.'
  const cached = stringOf(inputs['cache'])
  return cached !== '' && cached !== 'false' ? 'Remove `cache`.' : undefined
}

/** W16: an image can be traced to the run that built it. */
export const provenance: WorkflowRule = {
  id: 'W16',
  what: '`provenance: mode=max`, `sbom: true`, `actions/attest` on the digest',
  why: 'they prove that the image on the server was built by this repository',
  *workflow(workflow) {
    for (const step of workflow.steps) {
      if (!step.isAction('docker/build-push-action') || stringOf(step.inputs['push']) !== 'true') continue
      if (stringOf(step.inputs['provenance']) !== 'mode=max')
        yield { line: step.line, message: 'Push with `provenance: mode=max`.' }
      if (stringOf(step.inputs['sbom']) !== 'true') yield { line: step.line, message: 'Push with `sbom: true`.' }
      const attested = step.job.steps.some(
        (other) =>
          other.isAction('actions/attest') && /outputs\.digest\b/.test(stringOf(other.inputs['subject-digest'])),
      )
      if (!attested) yield { line: step.line, message: 'Attest the digest that was pushed with actions/attest.' }
    }
  },
}

/** W17: a deployed image cannot change afterwards. */
export const digestDeploy: WorkflowRule = {
  id: 'W17',
  what: 'deploy by digest, never `latest`',
  why: 'a tag can point to another image when the server pulls it, or when you roll back',
  *workflow(workflow) {
    if (!workflow.deploys) return
    for (const step of workflow.steps) {
      if (/:latest\b/.test(JSON.stringify(step.table)))
        yield { line: step.line, message: 'Name the image by its digest instead of `latest`.' }
      if (step.isAction('docker/metadata-action') && !/\blatest=false\b/.test(stringOf(step.inputs['flavor']))) {
        yield { line: step.line, message: 'Add `flavor: latest=false`.' }
      }
      const deploys = callsSsh(step.run)
      if (deploys && !/@\$\{\{\s*[\w.-]+\.outputs\.digest\s*\}\}/.test(JSON.stringify(step.environment))) {
        yield { line: step.line, message: 'Send the server `name@${{ steps.<build>.outputs.digest }}`.' }
      }
    }
  },
}
