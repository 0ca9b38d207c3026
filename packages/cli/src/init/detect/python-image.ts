import type { ImageRecipe } from '../types.ts'
import type { Facts } from './facts.ts'
import type { PythonProject } from './found.ts'
import { isProductionFile } from './python-requirements.ts'
import { lockedPoetry } from './python-toolchain.ts'

/** The Dockerfile's words for a Python repository. The virtual environment is what moves to the small image. */
export function pythonImage(project: PythonProject, port: number, facts: Facts): ImageRecipe {
  const image = `python:${project.version.minor}-slim-bookworm`
  return {
    buildImage: image,
    runtimeImage: image,
    ...installation(project),
    build: [],
    prune: [],
    user: 'app',
    start: startCommand(project, port, facts),
  }
}

function installation(project: PythonProject): Pick<ImageRecipe, 'manifests' | 'prepare' | 'install'> {
  const lock = (path: string) => (project.repository.has(path) ? [path] : [])
  if (project.manager === 'uv') {
    return {
      manifests: ['pyproject.toml', ...lock('uv.lock')],
      prepare: ['pip install --no-cache-dir uv==0.9.5'],
      install: ['uv sync --locked --no-dev --no-install-project --active'],
    }
  }
  if (project.manager === 'poetry') {
    return {
      manifests: ['pyproject.toml', ...lock('poetry.lock')],
      prepare: [`pip install --no-cache-dir poetry==${lockedPoetry(project)}`],
      install: ['poetry install --no-interaction --only main --no-root'],
    }
  }
  const files = project.requirements.filter(isProductionFile)
  if (files.length === 0) return { manifests: ['.'], prepare: [], install: ['pip install --no-cache-dir .'] }
  const folders = files.some((path) => path.startsWith('requirements/')) ? ['requirements/'] : []
  const flat = files.filter((path) => !path.startsWith('requirements/'))
  return {
    manifests: [...flat, ...folders],
    prepare: [],
    install: files.map((path) => {
      const hashed = /--hash=sha256:/.test(project.repository.read(path) ?? '')
      return `pip install --no-cache-dir ${hashed ? '--require-hashes ' : ''}--requirement ${path}`
    }),
  }
}

const asgi = ['app/main.py', 'main.py', 'src/main.py', 'app/asgi.py', 'asgi.py', 'app.py', 'server.py']

function startCommand(project: PythonProject, port: number, facts: Facts): string[] {
  const { repository, dependencies } = project
  for (const path of asgi) {
    const source = repository.read(path)
    const name = /^(\w+)\s*(?::\s*\w+\s*)?=\s*(?:FastAPI|Starlette|Litestar|Quart)\(/m.exec(source ?? '')?.[1]
    if (name === undefined) continue
    const module = path.replace(/\.py$/, '').replaceAll('/', '.')
    facts.note('start', `uvicorn ${module}:${name}`, path)
    if (!dependencies.has('uvicorn') && !dependencies.has('fastapi')) {
      facts.warn(
        ['docker'],
        'uvicorn is not among the dependencies, and the Dockerfile starts the application with it: add it.',
      )
    }
    return ['uvicorn', `${module}:${name}`, '--host', '0.0.0.0', '--port', String(port)]
  }
  for (const path of asgi) {
    const name = /^(\w+)\s*=\s*Flask\(/m.exec(repository.read(path) ?? '')?.[1]
    if (name === undefined) continue
    return gunicorn(`${path.replace(/\.py$/, '').replaceAll('/', '.')}:${name}`, path, project, port, facts)
  }
  if (repository.has('manage.py')) {
    const wsgi = repository
      .list('')
      .find(({ name, directory }) => directory && /^\w+$/.test(name) && repository.has(`${name}/wsgi.py`))
    if (wsgi !== undefined)
      return gunicorn(`${wsgi.name}.wsgi:application`, `${wsgi.name}/wsgi.py`, project, port, facts)
  }
  const script = ['main.py', 'app.py', 'server.py'].find((path) => repository.has(path))
  facts.note('start', `python ${script ?? 'main.py'}`, script ?? 'a guess')
  if (script === undefined) {
    facts.warn(['docker'], 'It is not clear how the application starts: the Dockerfile guesses main.py; edit its CMD.')
  }
  return ['python', script ?? 'main.py']
}

function gunicorn(target: string, from: string, project: PythonProject, port: number, facts: Facts): string[] {
  facts.note('start', `gunicorn ${target}`, from)
  if (!project.dependencies.has('gunicorn')) {
    facts.warn(
      ['docker'],
      'gunicorn is not among the dependencies, and the Dockerfile starts the application with it: add it.',
    )
  }
  return ['gunicorn', target, '--bind', `0.0.0.0:${port}`]
}
