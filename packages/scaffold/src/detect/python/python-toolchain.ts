import { uses } from '../../common/actions.ts'
import { paragraphs, shellWord, text } from '../../common/text.ts'
import type { NamedCommand, Toolchain } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { PythonProject } from '../found.ts'
import { isProductionFile } from './python-requirements.ts'
import { table } from './toml-table.ts'

/** The guide's tools, with the versions for projects that do not depend on them. */
const tools = {
  black: '25.9.0',
  flake8: '7.3.0',
  mypy: '1.18.2',
  pytest: '8.4.2',
  'pytest-cov': '7.0.0',
  bandit: '1.8.6',
  'pip-audit': '2.9.0',
  safety: '3.6.2',
} as const
type Tool = keyof typeof tools

/** Poetry version for lockfiles that do not name the version that wrote them. */
const poetryVersion = '2.2.1'

/** Returns the CI commands of a Python repository: its own tools, or those of the guide. */
export function pythonToolchain(project: PythonProject, facts: Facts): Toolchain {
  const environment = new PythonEnvironment(project)
  const lint = lintCommands(project, environment, facts)
  const types = typeCommands(project, environment, facts)
  const test = testCommand(project, environment, facts)
  const missing = environment.missing
  return {
    setup: setupSteps(project),
    install: [...installCommands(project), ...installTools(project, missing)],
    lint,
    types,
    build: null,
    test: { run: test },
    coverage: { file: 'coverage.xml', convert: null },
    security: securityCommands(project),
    securitySetup: setupSteps(project),
    codeqlLanguage: 'python',
    semgrepConfigs: ['p/python'],
    dependabotEcosystem: project.manager === 'uv' ? 'uv' : 'pip',
  }
}

/** Builds commands for the project's environment, and collects the tools that must be installed first. */
class PythonEnvironment {
  readonly #project: PythonProject
  readonly #missing = new Set<Tool>()

  constructor(project: PythonProject) {
    this.#project = project
  }

  get missing(): readonly Tool[] {
    return [...this.#missing]
  }

  /** @param needs - tools of the guide that the command requires */
  program(command: string, ...needs: readonly Tool[]): string {
    const absent = needs.filter((tool) => !this.#project.dependencies.has(tool))
    for (const tool of absent) this.#missing.add(tool)
    switch (this.#project.manager) {
      case 'uv':
        return `uv run --no-sync ${absent.map((tool) => `--with ${tool}==${tools[tool]} `).join('')}${command}`
      case 'poetry':
        return `poetry run ${command}`
      case 'pip':
        return command
    }
  }
}

function lintCommands(project: PythonProject, environment: PythonEnvironment, facts: Facts): NamedCommand[] {
  const configured = table(project.pyproject, 'tool')
  const ruff = project.dependencies.has('ruff') || 'ruff' in configured
  if (
    ruff &&
    !project.dependencies.has('black') &&
    !project.dependencies.has('flake8') &&
    project.dependencies.has('ruff')
  ) {
    facts.note('lint', 'ruff', 'ruff among the dependencies')
    return [
      { name: 'Check the format', run: environment.program('ruff format --check .') },
      { name: 'Lint', run: environment.program('ruff check .') },
    ]
  }
  facts.note('lint', 'black, flake8', project.dependencies.has('flake8') ? 'the dependencies' : "the guide's tools")
  const configuration = ['.flake8', 'tox.ini', 'setup.cfg'].find((path) =>
    /^\[flake8\]/m.test(project.repository.read(path) ?? ''),
  )
  // Without a configuration, flake8 would reject the format of black.
  const flags =
    configuration === undefined
      ? ' --max-line-length 88 --extend-ignore E203,E501,W503 --extend-exclude .venv,venv'
      : ''
  return [
    { name: 'Check the format with black', run: environment.program('black --check .', 'black') },
    { name: 'Lint with flake8', run: environment.program(`flake8${flags} .`, 'flake8') },
  ]
}

function typeCommands(project: PythonProject, environment: PythonEnvironment, facts: Facts): NamedCommand[] {
  if (project.dependencies.has('pyright') && !project.dependencies.has('mypy')) {
    facts.note('types', 'pyright', 'pyright among the dependencies')
    return [{ name: 'Check types with pyright', run: environment.program('pyright') }]
  }
  facts.note('types', 'mypy', project.dependencies.has('mypy') ? 'the dependencies' : "the guide's tool")
  const named = table(project.pyproject, 'tool', 'mypy')
  const target = 'files' in named || 'packages' in named ? 'mypy' : 'mypy --ignore-missing-imports .'
  return [{ name: 'Check types with mypy', run: environment.program(target, 'mypy') }]
}

function testCommand(project: PythonProject, environment: PythonEnvironment, facts: Facts): string {
  const django = project.repository.has('manage.py') && !project.dependencies.has('pytest')
  if (django && project.dependencies.has('coverage')) {
    facts.note('test', 'manage.py test', 'manage.py')
    return `${environment.program('coverage run manage.py test')} && ${environment.program('coverage xml')}`
  }
  facts.note('test', 'pytest', project.dependencies.has('pytest') ? 'the dependencies' : "the guide's tool")
  return environment.program('pytest --cov --cov-report=term --cov-report=xml', 'pytest', 'pytest-cov')
}

function setupSteps(project: PythonProject): string {
  const wanted =
    project.version.file === undefined
      ? `python-version: "${project.version.minor}"`
      : `python-version-file: ${project.version.file}`
  const cached = project.manager === 'pip' && project.requirements.length > 0
  const python = text`
    - name: Set up Python
      uses: ${uses('actions/setup-python')}
      with:
        ${wanted}
        ${cached ? 'cache: pip' : ''}
        ${cached ? `cache-dependency-path: ${cachePaths(project)}` : ''}
  `
  const uv = text`
    - name: Set up uv
      uses: ${uses('astral-sh/setup-uv')}
  `
  const poetry = text`
    - name: Install Poetry
      run: pipx install poetry==${lockedPoetry(project)}
  `
  if (project.manager === 'uv') return paragraphs(python, uv)
  return project.manager === 'poetry' ? paragraphs(python, poetry) : python
}

function cachePaths(project: PythonProject): string {
  return project.requirements.length === 1
    ? (project.requirements[0] ?? '')
    : `|\n  ${project.requirements.join('\n  ')}`
}

/** Returns the Poetry version that wrote the lockfile, which is certain to read it. */
export function lockedPoetry(project: PythonProject): string {
  return /generated by Poetry (\d+\.\d+\.\d+)/.exec(project.repository.read('poetry.lock') ?? '')?.[1] ?? poetryVersion
}

function installCommands(project: PythonProject): NamedCommand[] {
  const name = 'Install dependencies'
  if (project.manager === 'uv') return [{ name, run: 'uv sync --locked --all-extras' }]
  if (project.manager === 'poetry') {
    return [
      { name: 'Check the lockfile', run: 'poetry check --lock' },
      { name, run: 'poetry install --no-interaction --all-extras' },
    ]
  }
  const commands = project.requirements.map((path) => pipInstall(project, path))
  const installable =
    ['setup.py', 'setup.cfg'].some((path) => project.repository.has(path)) || 'project' in project.pyproject
  if (commands.length === 0 && installable) commands.push('python -m pip install --editable .')
  return commands.length === 0 ? [] : [{ name, run: commands.join('\n') }]
}

function pipInstall(project: PythonProject, path: string): string {
  const hashed = /--hash=sha256:/.test(project.repository.read(path) ?? '')
  return `python -m pip install ${hashed ? '--require-hashes ' : ''}--requirement ${shellWord(path)}`
}

function installTools(project: PythonProject, missing: readonly Tool[]): NamedCommand[] {
  if (missing.length === 0 || project.manager === 'uv') return []
  const pinned = missing.map((tool) => `${tool}==${tools[tool]}`).join(' ')
  const python = project.manager === 'poetry' ? 'poetry run python' : 'python'
  return [{ name: 'Install the tools that the project does not bring', run: `${python} -m pip install ${pinned}` }]
}

/** Audits production dependencies; safety replaces pip-audit when its key is configured. */
function securityCommands(project: PythonProject): NamedCommand[] {
  const requirements = productionRequirements(project)
  const pipx = (tool: Tool, command: string) => `pipx run --spec ${tool}==${tools[tool]} ${command}`
  return [
    ...requirements.prepare,
    {
      name: 'Scan dependencies with safety',
      if: "env.SAFETY_API_KEY != ''",
      run: pipx('safety', 'safety --stage cicd scan'),
    },
    {
      name: 'Scan dependencies with pip-audit',
      if: "env.SAFETY_API_KEY == ''",
      run: pipx('pip-audit', `pip-audit --strict ${requirements.flags}`),
    },
    {
      name: 'Analyse the code with bandit',
      run: pipx(
        'bandit',
        `bandit --recursive . --severity-level medium --exclude ./.venv,./venv,./tests,./test${banditConfiguration(project)}`,
      ),
    },
  ]
}

function banditConfiguration(project: PythonProject): string {
  return 'bandit' in table(project.pyproject, 'tool') ? ' --configfile pyproject.toml' : ''
}

function productionRequirements(project: PythonProject): {
  readonly prepare: readonly NamedCommand[]
  readonly flags: string
} {
  const exported = '"$RUNNER_TEMP/requirements.txt"'
  const name = 'List production dependencies'
  if (project.manager === 'uv') {
    const run = `uv export --locked --no-dev --no-emit-project --format requirements-txt --output-file ${exported}`
    return { prepare: [{ name, run }], flags: `--disable-pip --require-hashes --requirement ${exported}` }
  }
  if (project.manager === 'poetry') {
    const run = `pipx inject poetry poetry-plugin-export==1.9.0\npoetry export --only main --output ${exported}`
    return { prepare: [{ name, run }], flags: `--disable-pip --require-hashes --requirement ${exported}` }
  }
  const files = project.requirements.filter(isProductionFile)
  return {
    prepare: [],
    flags: files.length === 0 ? '.' : files.map((path) => `--requirement ${shellWord(path)}`).join(' '),
  }
}
