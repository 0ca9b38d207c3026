import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DockerfileParser } from 'dockerfile-ast'
import { validate as validateDockerfile } from 'dockerfile-utils'
import { requireBinary } from '@focus-api/test-kit/servers/binaries'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { actionInputs } from './action-inputs.ts'

/** Findings of two validators for workflows. */
export interface WorkflowFindings {
  /** Findings of GitHub's own validator, which also checks the inputs of actions. */
  readonly languageService: readonly string[]
  readonly actionlint: readonly string[]
}

/** @param workflows - texts by path */
export function workflowFindings(workflows: ReadonlyMap<string, string>): WorkflowFindings {
  const files = [...workflows].map(([path, data]) => ({ path, data }))
  const script = fileURLToPath(new URL('./validate-workflows.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [script], {
    input: JSON.stringify({ files, inputs: actionInputs }),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const found: WorkflowFindings = JSON.parse(output)
  return found
}

/** Returns the findings of shellcheck for scripts; an empty string means none. */
export function shellcheckFindings(scripts: readonly string[]): string {
  const folder = temporaryFolder('shellcheck')
  scripts.forEach((script, index) => writeFileSync(join(folder, `${index}.sh`), script))
  const { stdout, stderr, error } = spawnSync(
    requireBinary('shellcheck'),
    scripts.map((_, index) => `${index}.sh`),
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  removeFolder(folder)
  if (error !== undefined) throw error
  return stdout + stderr
}

/** Returns the findings for a Dockerfile: its syntax, and the rules for a production image. */
export function dockerfileFindings(source: string): string[] {
  const dockerfile = DockerfileParser.parse(source)
  const findings = validateDockerfile(source).map(
    ({ message, range }) => `${range.start.line + 1} ${JSON.stringify(message)}`,
  )
  const stages = new Set<string>()
  const froms = dockerfile.getFROMs()
  for (const from of froms) {
    const image = from.getImage() ?? ''
    if (!stages.has(image) && (!/:[\w.-]+$/.test(image) || image.endsWith(':latest')))
      findings.push(`${image} has no version`)
    const stage = from.getBuildStage()
    if (stage !== null) stages.add(stage)
  }
  if (froms.length < 2) findings.push('it has one stage only')
  for (const copy of dockerfile.getCOPYs()) {
    const source = copy.getFromFlag()?.getValue()
    if (source !== undefined && source !== null && !stages.has(source))
      findings.push(`COPY --from=${source} names no stage`)
  }
  const last = dockerfile.getInstructions().slice(-8)
  const user = last.find((instruction) => instruction.getKeyword() === 'USER')?.getArgumentsContent()
  if (user === undefined || user === null || user === 'root' || user === '0') findings.push('it runs as root')
  for (const keyword of ['HEALTHCHECK', 'CMD', 'EXPOSE']) {
    if (!last.some((instruction) => instruction.getKeyword() === keyword)) findings.push(`it has no ${keyword}`)
  }
  return findings
}
