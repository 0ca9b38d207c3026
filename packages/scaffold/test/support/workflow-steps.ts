import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { isRecord } from '../../src/common/repository.ts'

/** A `run:` step of a workflow, with the environment of its job. */
export interface ScriptStep {
  readonly name: string
  readonly run: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Returns the `run:` steps of a job in order. Expressions in `env:` are looked up in `expressions`; an unknown one is
 * an error.
 */
export function scriptSteps(
  source: string,
  job: string,
  expressions: Readonly<Record<string, string>> = {},
): ScriptStep[] {
  const definition = record(record(record(parse(source))['jobs'])[job])
  const steps = definition['steps']
  if (!Array.isArray(steps)) throw new Error(`there is no job ${job}`)
  return steps.map(record).flatMap(({ name, run, env }) => {
    if (typeof run !== 'string') return []
    const merged = { ...record(definition['env']), ...record(env) }
    const evaluated = Object.entries(merged).map(([key, value]) => [key, evaluate(String(value), expressions)])
    return [{ name: String(name), run, env: Object.fromEntries(evaluated) }]
  })
}

export function scriptStep(
  source: string,
  job: string,
  name: string,
  expressions?: Readonly<Record<string, string>>,
): ScriptStep {
  const found = scriptSteps(source, job, expressions).find((step) => step.name === name)
  if (found === undefined) throw new Error(`job ${job} has no step ${name}`)
  return found
}

function evaluate(value: string, expressions: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{\{ (.+?) \}\}/g, (_whole, expression: string) => {
    const known = expressions[expression]
    if (known === undefined) throw new Error(`the test has no value for ${expression}`)
    return known
  })
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

export interface StepResult {
  readonly status: number | null
  readonly output: string
}

/** Runs a step like a runner without a named shell: the script in a file, with `bash -e`. */
export function runStep(step: ScriptStep, cwd: string, env: NodeJS.ProcessEnv): StepResult {
  const script = join(temporaryFolder('step'), 'script.sh')
  writeFileSync(script, step.run)
  const { status, stdout, stderr, error } = spawnSync('bash', ['-e', script], {
    cwd,
    env: { ...env, ...step.env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined) throw error
  return { status, output: stdout + stderr }
}
