import { createHash } from 'node:crypto'
import { checkAnswers } from '../common/answers.ts'
import { manifestPath } from '../common/target-paths.ts'
import { ScaffoldError } from '../common/scaffold-error.ts'
import { isRecord, type Repository } from '../common/repository.ts'
import type { Answers } from '../common/project.ts'

/** The text of a generated file when it was written; the common ancestor of the next three-way merge. */
export interface ManifestEntry {
  readonly base: string
  /** The text that could not be merged. It becomes the base when `<file>.focus-new` is deleted. */
  readonly pending?: string
}

/**
 * The content of `.focus/ci.json`. It must be committed: without it, an update cannot distinguish edits from old
 * output.
 */
export interface Manifest {
  readonly answers: Answers
  readonly files: ReadonlyMap<string, ManifestEntry>
}

const schema = 1

export function sha256(source: string): string {
  return createHash('sha256').update(source).digest('hex')
}

/** @throws ScaffoldError `invalid_manifest`, `newer_manifest` */
export function readManifest(repository: Repository): Manifest {
  if (repository.read(manifestPath) === undefined) return { answers: {}, files: new Map() }
  const value = repository.json(manifestPath) ?? {}
  if (typeof value['schema'] === 'number' && value['schema'] > schema) {
    throw new ScaffoldError('newer_manifest', `${manifestPath} was written by a newer version of focus.`, {
      hint: 'Install the version that the manifest names as `generator`, or a newer one.',
    })
  }
  const files = value['files']
  if (value['schema'] !== schema || !isRecord(files)) throw invalid('it has no schema or no files')
  return {
    answers: readAnswers(value['answers']),
    files: new Map(Object.entries(files).map(([path, entry]) => [path, readEntry(path, entry)])),
  }
}

function readEntry(path: string, entry: unknown): ManifestEntry {
  if (!isRecord(entry) || typeof entry['base'] !== 'string') throw invalid(`the entry of ${path} has no base`)
  if (path.startsWith('/') || path.split(/[/\\]/).includes('..')) throw invalid(`${path} leaves the repository`)
  const pending = entry['pending']
  return { base: entry['base'], ...(typeof pending === 'string' ? { pending } : {}) }
}

function invalid(reason: string): ScaffoldError {
  return new ScaffoldError('invalid_manifest', `${manifestPath} cannot be used: ${reason}.`, {
    hint: `Restore it from version control, or delete it; existing files then count as yours.`,
  })
}

/** Reads the answers of earlier runs. The file came with the repository, so its answers are validated like flags. */
function readAnswers(value: unknown): Answers {
  if (value === undefined) return {}
  if (!isRecord(value)) throw invalid('its answers are not an object')
  const { flavour, pm, services, branch, repo, port, domain, health_path: healthPath } = value
  return checkAnswers(
    { flavour, pm, services, branch, repo, port, domain, healthPath },
    {
      nameOf: (answer) => `${manifestPath}, answers.${answer === 'healthPath' ? 'health_path' : answer}`,
      code: 'invalid_manifest',
    },
  )
}

/** Serializes the manifest with sorted keys, so that the same state gives the same bytes. */
export function writeManifest(manifest: Manifest, generator: string): string {
  const { healthPath, ...answers } = manifest.answers
  const files = [...manifest.files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, entry]) => [path, { sha256: sha256(entry.base), ...entry }] as const)
  const document = {
    schema,
    generator,
    answers: sortKeys({ ...answers, ...(healthPath === undefined ? {} : { health_path: healthPath }) }),
    files: Object.fromEntries(files),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function sortKeys(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
