import { uses } from '../common/actions.ts'
import { workflowServices } from '../common/service-recipes.ts'
import { expression, paragraphs, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'
import { checkout, environment, generatedNotice, namedSteps, runStep } from './steps.ts'

/** Renders `.github/workflows/ci.yml`: the guide's jobs test, security and docker. */
export function renderCi(project: Project): string {
  const branches = [...new Set([project.defaultBranch, 'develop'])].join(', ')
  return `${text`
    ${generatedNotice}
    name: CI

    on:
      push:
        branches: [${branches}]
      pull_request:
        branches: [${branches}]

    permissions:
      contents: read

    # A newer push to the same pull request or branch makes the older run pointless.
    concurrency:
      group: ci-${expression('github.workflow')}-${expression('github.event.pull_request.number || github.ref')}
      cancel-in-progress: true

    jobs:
      ${paragraphs(testJob(project), securityJob(project), dockerJob(project))}
  `}\n`
}

const runner = 'ubuntu-24.04'

function testJob(project: Project): string {
  const { toolchain } = project
  return text`
    test:
      name: Test
      runs-on: ${runner}
      timeout-minutes: 20
      ${workflowServices(project.services)}
      ${environment(applicationEnvironment(project))}
      steps:
        ${paragraphs(
          checkout,
          toolchain.setup,
          ...namedSteps(toolchain.install),
          ...namedSteps(toolchain.lint),
          ...namedSteps(toolchain.types),
          toolchain.build === null ? '' : runStep('Build', toolchain.build),
          runStep('Test', toolchain.test),
          toolchain.coverage.convert === null ? '' : runStep('Write the coverage report', toolchain.coverage.convert),
          codecovStep(toolchain.coverage.file),
        )}
  `
}

/** Pull requests from forks have no token, and a project without a token must not fail because of it. */
function codecovStep(file: string): string {
  return text`
    - name: Upload coverage to Codecov
      uses: ${uses('codecov/codecov-action')}
      with:
        files: ${file}
        disable_search: true
        token: ${expression('secrets.CODECOV_TOKEN')}
        fail_ci_if_error: ${expression("github.event_name == 'push' && secrets.CODECOV_TOKEN != ''")}
  `
}

function securityJob(project: Project): string {
  const { toolchain } = project
  const python = project.flavour === 'python'
  return text`
    security:
      name: Security
      runs-on: ${runner}
      timeout-minutes: 30
      permissions:
        contents: read
        security-events: write # CodeQL reports its findings here.
      ${python ? environment({ SAFETY_API_KEY: expression('secrets.SAFETY_API_KEY') }) : ''}
      steps:
        ${paragraphs(
          checkout,
          toolchain.securitySetup,
          ...namedSteps(toolchain.security),
          publicScans(project),
          privateScans(project),
        )}
  `
}

/** Free for public repositories; private ones need a licence, without which the job would fail. */
function publicScans(project: Project): string {
  return text`
    - name: Review the dependencies that the pull request adds
      if: github.event_name == 'pull_request' && github.event.repository.private == false
      uses: ${uses('actions/dependency-review-action')}
      with:
        fail-on-severity: high

    - name: Prepare CodeQL
      if: github.event.repository.private == false
      uses: ${uses('github/codeql-action', 'init')}
      with:
        languages: ${project.toolchain.codeqlLanguage}

    - name: Analyse the code with CodeQL
      if: github.event.repository.private == false
      uses: ${uses('github/codeql-action', 'analyze')}
  `
}

function privateScans(project: Project): string {
  const semgrep = ['p/default', ...project.toolchain.semgrepConfigs].map((name) => `--config ${name}`).join(' ')
  return text`
    - name: Scan the lockfiles with OSV-Scanner
      if: github.event.repository.private
      uses: ${uses('google/osv-scanner-action', 'osv-scanner-action')}
      with:
        scan-args: |-
          --recursive
          ./

    - name: Analyse the code with Semgrep
      if: github.event.repository.private
      run: pipx run --spec semgrep==1.139.0 semgrep scan --error --metrics off ${semgrep}
  `
}

function dockerJob(project: Project): string {
  const variables = { ...embeddedDatabase(project), ...applicationEnvironment(project) }
  const passed = [...Object.keys(variables), 'PORT']
  return text`
    docker:
      name: Docker
      runs-on: ${runner}
      timeout-minutes: 30
      ${workflowServices(project.services)}
      ${environment({ ...variables, PORT: String(project.port), HEALTH_PATH: project.healthPath })}
      steps:
        ${checkout}

        - name: Set up Buildx
          uses: ${uses('docker/setup-buildx-action')}

        - name: Build the image
          uses: ${uses('docker/build-push-action')}
          with:
            context: .
            load: true
            push: false
            tags: ${project.slug}:ci
            cache-from: type=gha
            cache-to: type=gha,mode=max

        - name: Start the container
          run: |
            docker run --detach --name app --network host \\
              ${passed.map((name) => `--env ${name} \\`).join('\n')}
              ${project.slug}:ci

        - name: Test the container
          run: |
            user=$(docker inspect --format '{{.Config.User}}' app)
            if [ -z "$user" ] || [ "$user" = root ] || [ "$user" = 0 ]; then
              echo "::error::the container runs as root; set USER in the Dockerfile"
              exit 1
            fi
            for attempt in $(seq 1 60); do
              if curl --fail --silent --max-time 2 --output /dev/null "http://127.0.0.1:$PORT$HEALTH_PATH"; then
                echo "healthy after $attempt attempts"
                exit 0
              fi
              sleep 1
            done
            echo "::error::no answer from $HEALTH_PATH on port $PORT within 60 attempts; the container's log follows"
            exit 1

        - name: Show the container's log
          if: always()
          run: docker logs app
  `
}

/** The environment that the application needs to start: the services of the job and, for Focus, a throw-away secret. */
function applicationEnvironment(project: Project): Record<string, string> {
  return {
    ...project.serviceUrls,
    ...(project.usesFocus ? { FOCUS_SECRET: 'ci-only-secret-that-guards-nothing-0000' } : {}),
  }
}

/** The only writable folder of the application in the image. */
function embeddedDatabase(project: Project): Record<string, string> {
  return project.usesFocus ? { DATABASE_URL: 'sqlite:data/focus.db' } : {}
}
