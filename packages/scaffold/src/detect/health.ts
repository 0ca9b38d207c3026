import type { Repository } from '../common/repository.ts'
import type { Answers } from '../common/project.ts'
import type { Facts } from './facts.ts'

const defaultPort = 8000
const focusHealthPath = '/api/health'

/** Detects the port that the application listens on. */
export function detectPort(repository: Repository, answers: Answers, facts: Facts): number {
  if (answers.port !== undefined) {
    facts.note('port', String(answers.port), '--port')
    return answers.port
  }
  const exposed = /^\s*EXPOSE\s+(\d{2,5})\b/im.exec(repository.read('Dockerfile') ?? '')?.[1]
  const port = exposed === undefined ? defaultPort : Number(exposed)
  if (port < 1 || port > 65_535) return defaultPort
  facts.note('port', String(port), exposed === undefined ? 'the default' : 'Dockerfile: EXPOSE')
  return port
}

/**
 * Detects the path that answers 2xx when the application is healthy. The container test, HEALTHCHECK and the deployment
 * request it.
 */
export function detectHealthPath(repository: Repository, usesFocus: boolean, answers: Answers, facts: Facts): string {
  if (answers.healthPath !== undefined) {
    facts.note('health_path', answers.healthPath, '--health-path')
    return answers.healthPath
  }
  if (usesFocus) {
    facts.note('health_path', focusHealthPath, 'the dependency @focus-api/core answers it')
    return focusHealthPath
  }
  const found = searchSources(repository)
  if (found !== undefined) {
    facts.note('health_path', found.path, found.file)
    return found.path
  }
  facts.note('health_path', focusHealthPath, 'the default; no route found in the sources')
  facts.warn(
    ['ci', 'cd', 'docker'],
    `No health route was found. The container test, HEALTHCHECK and the deployment request ${focusHealthPath}: answer it with 200 when the application is ready, or name your own route with --health-path.`,
  )
  return focusHealthPath
}

const route = /['"`](\/(?:api\/)?(?:health|healthz|health-check|healthcheck|livez|readyz))['"`]/
const sourceFile = /\.(?:[cm]?[jt]sx?|py)$/
const skipped = /^(?:node_modules|dist|build|coverage|out|venv|env|__pycache__|tests?|__tests__|fixtures|vendor)$|^\./

/**
 * Searches breadth-first, so that the usual places come first, and within limits, so that large repositories stay fast.
 */
function searchSources(repository: Repository): { readonly path: string; readonly file: string } | undefined {
  const queue = ['']
  let files = 0
  for (let visited = 0; visited < queue.length && visited < mostFolders; visited++) {
    const directory = queue[visited] ?? ''
    for (const entry of repository.list(directory)) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.directory) {
        if (!skipped.test(entry.name) && path.split('/').length <= deepest) queue.push(path)
      } else if (sourceFile.test(entry.name) && !/\.(?:test|spec)\./.test(entry.name)) {
        if (++files > mostFiles) return undefined
        const found = route.exec(repository.read(path) ?? '')?.[1]
        if (found !== undefined) return { path: found, file: path }
      }
    }
  }
  return undefined
}

const deepest = 5
const mostFiles = 400
const mostFolders = 400
