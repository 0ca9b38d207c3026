import { basename } from 'node:path'
import { type GitFacts, gitHubSlug } from '../common/git.ts'
import { ScaffoldError } from '../common/scaffold-error.ts'
import type { Repository } from '../common/repository.ts'
import type { Answers, Flavour, Project } from '../common/project.ts'
import type { Found } from './found.ts'
import { Facts, oneLine, slugOf } from './facts.ts'
import { detectHealthPath, detectPort } from './health.ts'
import { detectNode } from './node/node.ts'
import { detectPython } from './python/python.ts'
import { detectServices } from './services.ts'

/**
 * Detects the tools of a repository, with evidence for each conclusion. Reads files only.
 *
 * @throws ScaffoldError `unknown_flavour`, `ambiguous_flavour`, `contradictory_lockfiles`, `invalid_json`, `invalid_toml`
 */
export function detect(repository: Repository, git: GitFacts, answers: Answers): Project {
  const facts = new Facts()
  const flavour = detectFlavour(repository, answers, facts)
  const port = detectPort(repository, answers, facts)
  const found =
    flavour === 'node' ? detectNode(repository, answers, facts) : detectPython(repository, port, answers, facts)

  const name = oneLine(found.name ?? '') || oneLine(basename(repository.root)) || 'app'
  facts.note('name', name, found.name === undefined ? 'the directory' : found.manifest)
  const services = detectServices(found.dependencies, found.manifest, answers, facts)
  const usesFocus = found.dependencies.has('@focus-api/core')

  return {
    flavour,
    packageManager: found.packageManager,
    name,
    slug: slugOf(name),
    defaultBranch: chooseBranch(git, answers, facts),
    repository: chooseRepository(git, found, answers, facts),
    services: services.names,
    serviceUrls: services.urls,
    usesFocus,
    port,
    healthPath: detectHealthPath(repository, usesFocus, answers, facts),
    toolchain: found.toolchain,
    image: found.image,
    evidence: facts.evidence,
    warnings: facts.warnings,
  }
}

const pythonManifests = ['pyproject.toml', 'requirements.txt', 'setup.py', 'setup.cfg', 'uv.lock', 'poetry.lock']

function detectFlavour(repository: Repository, answers: Answers, facts: Facts): Flavour {
  const node = repository.has('package.json') ? 'package.json' : undefined
  const python = pythonManifests.find((path) => repository.has(path))
  if (answers.flavour !== undefined) {
    facts.note('flavour', answers.flavour, '--flavour')
    return answers.flavour
  }
  if (node !== undefined && python !== undefined) {
    throw new ScaffoldError('ambiguous_flavour', `The repository has both ${node} and ${python}.`, {
      hint: 'Choose the language of the workflows: --flavour node or --flavour python.',
    })
  }
  const manifest = node ?? python
  if (manifest === undefined) {
    throw new ScaffoldError(
      'unknown_flavour',
      'The repository has no package.json, pyproject.toml or requirements.txt.',
      {
        hint: 'Run the command in the root of a Node or Python repository, or choose the language: --flavour node or --flavour python.',
      },
    )
  }
  const flavour = node === undefined ? 'python' : 'node'
  facts.note('flavour', flavour, manifest)
  return flavour
}

function chooseBranch(git: GitFacts, answers: Answers, facts: Facts): string {
  if (answers.branch !== undefined) {
    facts.note('default_branch', answers.branch, '--branch')
    return answers.branch
  }
  const { name, from } = git.defaultBranch ?? { name: 'main', from: 'the default; git names no default branch' }
  facts.note('default_branch', name, from)
  return name
}

function chooseRepository(git: GitFacts, found: Found, answers: Answers, facts: Facts): string | null {
  const choices = [
    { slug: answers.repo, from: '--repo' },
    { slug: git.repository?.slug, from: git.repository?.from ?? '' },
    { slug: gitHubSlug(found.repositoryUrl ?? ''), from: found.manifest },
  ]
  for (const { slug, from } of choices) {
    if (slug === undefined || slug === null) continue
    facts.note('repository', slug, from)
    return slug
  }
  return null
}
