import type { ImageRecipe } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { PythonProject } from '../found.ts'
import { isProductionFile } from './python-requirements.ts'
import { lockedPoetry } from './python-toolchain.ts'

/**
 * Returns the parts of the Dockerfile for a Python repository. The virtual environment is copied into the small image.
 */
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
const wsgi = [...asgi, 'wsgi.py', 'app/wsgi.py', 'app/__init__.py']

function startCommand(project: PythonProject, port: number, facts: Facts): string[] {
  const { repository, dependencies } = project
  for (const path of asgi) {
    const source = repository.read(path) ?? ''
    const name = /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(?:FastAPI|Starlette|Litestar|Quart)\(/m.exec(source)?.[1]
    if (name !== undefined) return uvicorn(`${moduleOf(path)}:${name}`, path, project, port, facts)
  }
  for (const path of wsgi) {
    const source = repository.read(path) ?? ''
    const name = /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(?:Flask\(|create_app\()/m.exec(source)?.[1]
    if (name !== undefined && dependencies.has('fastapi')) {
      return uvicorn(`${moduleOf(path)}:${name}`, path, project, port, facts)
    }
    if (name !== undefined) return gunicorn(`${moduleOf(path)}:${name}`, path, project, port, facts)
  }
  if (repository.has('manage.py')) {
    const django = repository
      .list('')
      .find(({ name, directory }) => directory && /^\w+$/.test(name) && repository.has(`${name}/wsgi.py`))
    if (django !== undefined)
      return gunicorn(`${django.name}.wsgi:application`, `${django.name}/wsgi.py`, project, port, facts)
  }
  const module = ['app/main.py', 'main.py'].find((path) => repository.has(path))
  if (module !== undefined && dependencies.has('fastapi')) {
    facts.warn(
      ['docker'],
      `No application was found in ${module}: the Dockerfile assumes the name app. Edit its CMD if it is different.`,
    )
    return uvicorn(`${moduleOf(module)}:app`, `${module}, and fastapi among the dependencies`, project, port, facts)
  }
  const script = ['main.py', 'app.py', 'server.py'].find((path) => repository.has(path))
  if (script === undefined) {
    facts.warn(['docker'], 'No start command and no main.py were found: set CMD in the Dockerfile.')
    return ['python', 'main.py']
  }
  facts.note('start', `python ${script}`, script)
  return ['python', script]
}

function moduleOf(path: string): string {
  return path
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.')
}

function uvicorn(target: string, from: string, project: PythonProject, port: number, facts: Facts): string[] {
  facts.note('start', `uvicorn ${target}`, from)
  if (!project.dependencies.has('uvicorn') && !project.dependencies.has('fastapi')) {
    facts.warn(['docker'], 'The Dockerfile starts the application with uvicorn, which is not a dependency: add it.')
  }
  return ['uvicorn', target, '--host', '0.0.0.0', '--port', String(port)]
}

function gunicorn(target: string, from: string, project: PythonProject, port: number, facts: Facts): string[] {
  facts.note('start', `gunicorn ${target}`, from)
  if (!project.dependencies.has('gunicorn')) {
    facts.warn(['docker'], 'The Dockerfile starts the application with gunicorn, which is not a dependency: add it.')
  }
  return ['gunicorn', target, '--bind', `0.0.0.0:${port}`]
}
