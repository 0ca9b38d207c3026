import { describe, expect, test } from 'vitest'
import { detect } from '../src/detect/detect.ts'
import { readGit } from '../src/common/git.ts'
import { Repository } from '../src/common/repository.ts'
import type { Answers, Project } from '../src/common/project.ts'
import { layOut } from '@focus-api/test-kit/processes/repository-folder'

function detected(files: Readonly<Record<string, string>>, answers: Answers = {}): Project {
  const root = layOut({ files, git: null })
  return detect(new Repository(root), readGit(root), answers)
}

function node(manifest: object, files: Readonly<Record<string, string>> = { 'package-lock.json': '{}' }): Project {
  return detected({ ...files, 'package.json': JSON.stringify(manifest) })
}

function fact(project: Project, name: string): readonly [value: string, from: string] | undefined {
  const found = project.evidence.find((evidence) => evidence.fact === name)
  return found && [found.value, found.from]
}

describe('Node', () => {
  test.each([
    [{}, {}, '24', 'the default'],
    [{ '.nvmrc': '20\n' }, {}, '20', '.nvmrc'],
    [{ '.nvmrc': 'v22.4.1' }, {}, '22', '.nvmrc'],
    [{ '.nvmrc': 'lts/jod' }, {}, '22', '.nvmrc'],
    [{ '.nvmrc': 'lts/*' }, {}, '24', '.nvmrc'],
    [{ '.nvmrc': '$(id)' }, { engines: { node: '20.x' } }, '20', 'package.json: engines.node'],
    [{ '.node-version': '26.0.0' }, {}, '26', '.node-version'],
    [{}, { engines: { node: '>=18' } }, '24', 'package.json: engines.node'],
    [{}, { engines: { node: '>=18 <23' } }, '22', 'package.json: engines.node'],
    [{}, { engines: { node: '^20.19.0 || >=22.12.0' } }, '24', 'package.json: engines.node'],
    [{}, { engines: { node: '^20 || ^22' } }, '22', 'package.json: engines.node'],
    [{}, { engines: { node: '>=26' } }, '26', 'package.json: engines.node'],
    [{}, { volta: { node: '22.1.0' }, engines: { node: '>=18' } }, '22', 'package.json: volta.node'],
    [{}, { engines: { node: '*' } }, '24', 'the default'],
  ])('with %j and %j is %s', (files, manifest, value, from) => {
    expect(fact(node(manifest, files), 'node')).toEqual([value, from])
  })

  test.each([
    ['npm', { 'package-lock.json': '{}' }, {}],
    ['npm', { 'npm-shrinkwrap.json': '{}' }, {}],
    ['pnpm', { 'pnpm-lock.yaml': '' }, {}],
    ['yarn', { 'yarn.lock': '' }, {}],
    ['bun', { 'bun.lock': '' }, {}],
    ['bun', { 'bun.lockb': '', 'bun.lock': '' }, {}],
    ['yarn', {}, { packageManager: 'yarn@4.5.0+sha224.abc' }],
    ['pnpm', { 'pnpm-workspace.yaml': '' }, {}],
    ['npm', {}, {}],
  ])('package manager %s from %j and %j', (manager, files, manifest) => {
    expect(node(manifest, files).packageManager).toBe(manager)
  })

  test('runs the scripts of the repository, or its tools without a script', () => {
    const { toolchain } = node({
      scripts: { lint: 'x', 'type-check': 'x', test: 'jest', build: 'x' },
      devDependencies: { jest: '1', eslint: '1' },
    })
    expect(toolchain.lint.map(({ run }) => run)).toEqual(['npm run lint'])
    expect(toolchain.types.map(({ run }) => run)).toEqual(['npm run type-check'])
    expect(toolchain.test.run).toBe('npm test -- --ci --coverage --coverageReporters=text --coverageReporters=lcov')
    expect(toolchain.build?.run).toBe('npm run build')
    const tools = node(
      { devDependencies: { '@biomejs/biome': '2', typescript: '5' } },
      { 'pnpm-lock.yaml': '', 'tsconfig.json': '' },
    )
    expect(tools.toolchain.lint.map(({ run }) => run)).toEqual(['pnpm exec biome ci .'])
    expect(tools.toolchain.types.map(({ run }) => run)).toEqual(['pnpm exec tsc --noEmit'])
  })

  test.each([
    [
      { scripts: { test: 'vitest' }, devDependencies: { vitest: '1', '@vitest/coverage-v8': '1' } },
      'npm test -- --run --coverage.enabled --coverage.reporter=text --coverage.reporter=lcov',
    ],
    [{ scripts: { test: 'vitest', 'test:coverage': 'vitest --coverage' } }, 'npm run test:coverage'],
    [{ scripts: { test: 'echo "Error: no test specified" && exit 1' } }, 'node --test'],
    [{ scripts: { test: 'mocha' } }, 'npm test'],
    [{}, 'node --test'],
  ])('tests %j with %s', (manifest, run) => {
    expect(node(manifest).toolchain.test.run).toBe(run)
  })

  test.each([
    [{ scripts: { start: 'node dist/index.js' } }, ['node', 'dist/index.js']],
    [
      { scripts: { start: 'node --enable-source-maps dist/index.js' } },
      ['node', '--enable-source-maps', 'dist/index.js'],
    ],
    [{ scripts: { start: 'NODE_ENV=x node a.js && b' } }, ['npm', 'run', 'start']],
    [{ main: './lib/index.js' }, ['node', './lib/index.js']],
    [{ main: '$(id).js' }, ['node', 'server.js']],
  ])('starts %j with %j', (manifest, command) => {
    expect(node(manifest).image.start).toEqual(command)
  })

  test('reads the packages of a monorepo', () => {
    const project = node(
      { workspaces: { packages: ['apps/*', '!apps/old', '../x'] } },
      {
        'package-lock.json': '{}',
        'apps/web/package.json': JSON.stringify({ scripts: { lint: 'x', test: 'x' }, dependencies: { pg: '8' } }),
        'apps/web/node_modules/x/package.json': '{}',
      },
    )
    expect(project.services).toEqual(['postgres'])
    expect(project.toolchain.lint.map(({ run }) => run)).toEqual(['npm run lint --workspaces --if-present'])
    expect(fact(project, 'workspaces')).toEqual(['1', 'apps/web'])
  })
})

describe('Python', () => {
  test.each([
    [{}, '3.13', 'the default'],
    [{ '.python-version': '3.11.9\n' }, '3.11', '.python-version'],
    [{ 'pyproject.toml': '[project]\nrequires-python = ">=3.10,<3.13"' }, '3.12', 'pyproject.toml'],
    [{ 'pyproject.toml': '[project]\nrequires-python = ">=3.9"' }, '3.13', 'pyproject.toml'],
    [{ 'pyproject.toml': '[project]\nrequires-python = "==3.10.*"' }, '3.10', 'pyproject.toml'],
    [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.11"' }, '3.13', 'pyproject.toml'],
    [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "~3.11"' }, '3.11', 'pyproject.toml'],
    [{ 'pyproject.toml': '[project]\nrequires-python = ">=3.14"' }, '3.14', 'pyproject.toml'],
  ])('with %j is %s', (files, value, from) => {
    expect(fact(detected({ 'requirements.txt': '', ...files }), 'python')).toEqual([value, from])
  })

  test('uses the guide’s tools, at exact versions if the project does not depend on them', () => {
    const { toolchain } = detected({ 'requirements.txt': 'pytest==8.4.2\nBlack>=24 ; python_version > "3"\n' })
    const install = toolchain.install.map(({ run }) => run).join('\n')
    expect(install).toMatch(/flake8==\d.* mypy==\d.* pytest-cov==\d/)
    expect(install).not.toMatch(/black==|pytest==/)
    expect(toolchain.lint.map(({ run }) => run.split(' ')[0])).toEqual(['black', 'flake8'])
    expect(toolchain.types[0]?.run).toContain('mypy')
    expect(toolchain.test.run).toContain('pytest --cov')
    expect(toolchain.security.map(({ name }) => name).join()).toMatch(/safety.*pip-audit.*bandit/)
  })

  test('uses ruff and pyright if the project does', () => {
    const { toolchain } = detected({
      'uv.lock': '',
      'pyproject.toml': '[dependency-groups]\ndev = ["ruff>=0.5", "pyright"]',
    })
    expect(toolchain.lint.map(({ run }) => run)).toEqual([
      'uv run --no-sync ruff format --check .',
      'uv run --no-sync ruff check .',
    ])
    expect(toolchain.types.map(({ run }) => run)).toEqual(['uv run --no-sync pyright'])
  })

  test.each([
    [{ 'app/main.py': 'app = FastAPI()\n' }, ['uvicorn', 'app.main:app', '--host', '0.0.0.0', '--port', '8000']],
    [{ 'main.py': 'api: FastAPI = FastAPI()\n' }, ['uvicorn', 'main:api', '--host', '0.0.0.0', '--port', '8000']],
    [{ 'app.py': 'app = Flask(__name__)\n' }, ['gunicorn', 'app:app', '--bind', '0.0.0.0:8000']],
    [{ 'manage.py': '', 'shop/wsgi.py': '' }, ['gunicorn', 'shop.wsgi:application', '--bind', '0.0.0.0:8000']],
    [{ 'server.py': 'print()' }, ['python', 'server.py']],
    [{}, ['python', 'main.py']],
  ])('starts %j with %j', (files, command) => {
    expect(detected({ 'requirements.txt': '', ...files }).image.start).toEqual(command)
  })

  test.each([
    ['fastapi', { 'app/main.py': 'app = fastapi.FastAPI()\n' }, 'uvicorn app.main:app'],
    ['fastapi', { 'app/main.py': 'api = create_app()\n' }, 'uvicorn app.main:api'],
    ['fastapi', { 'app/main.py': 'from .factory import app\n' }, 'uvicorn app.main:app'],
    ['fastapi', { 'main.py': '' }, 'uvicorn main:app'],
    ['flask', { 'app.py': 'app = flask.Flask(__name__)\n' }, 'gunicorn app:app'],
    ['flask', { 'wsgi.py': 'application = create_app()\n' }, 'gunicorn wsgi:application'],
    ['flask', { 'app/__init__.py': 'app = Flask(__name__)\n' }, 'gunicorn app:app'],
  ])('finds the application of %s in %j: %s', (dependency, files, start) => {
    const project = detected({ 'requirements.txt': `${dependency}\nuvicorn\ngunicorn\n`, ...files })
    expect(fact(project, 'start')?.[0]).toBe(start)
    expect(project.image.start.slice(0, 2).join(' ')).toBe(start)
  })

  test('does not assume files that do not exist', () => {
    const project = detected({ 'requirements.txt': '' })
    expect(fact(project, 'start')).toBeUndefined()
    expect(project.warnings.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('no main.py'))
  })
})

describe('services', () => {
  test.each([
    [{ mysql2: '3' }, ['mysql'], { DATABASE_URL: 'mysql://root:throw-away@127.0.0.1:3306/app_test' }],
    [
      { pg: '8', ioredis: '5' },
      ['postgres', 'redis'],
      { DATABASE_URL: 'postgres://postgres:throw-away@127.0.0.1:5432/app_test', REDIS_URL: 'redis://127.0.0.1:6379/0' },
    ],
    [
      { mongoose: '8', amqplib: '1' },
      ['mongodb', 'rabbitmq'],
      { MONGODB_URL: 'mongodb://127.0.0.1:27017/app_test', AMQP_URL: 'amqp://guest:guest@127.0.0.1:5672/' },
    ],
    [{ 'better-sqlite3': '1' }, [], {}],
    [{ express: '5' }, ['mysql', 'redis'], expect.anything()],
  ])('of %j are %j', (dependencies, services, urls) => {
    const project = node({ dependencies })
    expect(project.services).toEqual(services)
    expect(project.serviceUrls).toEqual(urls)
  })

  test('get the URL scheme of the driver', () => {
    expect(detected({ 'requirements.txt': 'SQLAlchemy\nPyMySQL' }).serviceUrls.DATABASE_URL).toMatch(/^mysql\+pymysql:/)
    expect(detected({ 'requirements.txt': 'asyncpg' }).serviceUrls.DATABASE_URL).toMatch(/^postgresql\+asyncpg:/)
  })
})

describe('the health path', () => {
  test.each([
    [{ 'src/app.ts': "app.get('/healthz', ok)" }, '/healthz'],
    [{ 'src/app.test.ts': "get('/healthz')", 'src/b.js': 'app.get("/health")' }, '/health'],
    [{ 'node_modules/x/a.js': "'/healthz'" }, '/api/health'],
    [{}, '/api/health'],
  ])('of %j is %s', (files, path) => {
    expect(node({}, files).healthPath).toBe(path)
  })

  test('of an application with Focus is the route of Focus', () => {
    expect(node({ dependencies: { '@focus-api/core': '1' } }, { 'a.js': "'/healthz'" }).healthPath).toBe('/api/health')
  })
})
