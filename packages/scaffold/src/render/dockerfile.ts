import { lines, paragraphs, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'

/**
 * Renders a multi-stage Dockerfile. Build tools stay in the first stage; the runtime image is small, does not run as
 * root and cannot change its own files.
 */
export function renderDockerfile(project: Project): string {
  return `${project.flavour === 'node' ? nodeDockerfile(project) : pythonDockerfile(project)}\n`
}

const notice = text`
  # syntax=docker/dockerfile:1
  # Written by \`focus init\`. Edit it as you like: a later run merges your changes with its own.
`

function nodeDockerfile(project: Project): string {
  const { image } = project
  const everything = image.manifests.includes('.')
  const stage = text`
    ${notice}
    FROM ${image.buildImage} AS build
    WORKDIR /app
    ${run(image.prepare)}
    ${copy(image.manifests)}
    ${run(image.install)}
    ${everything ? '' : 'COPY . .'}
    ${run(image.build)}
    ${run(image.prune)}
    # What the application may write; everything else stays root's.
    RUN mkdir -p data && chown ${image.user}:${image.user} data
  `
  const runtime = text`
    FROM ${image.runtimeImage} AS runtime
    ENV NODE_ENV=production PORT=${project.port}
    WORKDIR /app
    COPY --from=build /app ./
    USER ${image.user}
    EXPOSE ${project.port}
    ${nodeHealthCheck(project)}
    CMD ${JSON.stringify(image.start)}
  `
  return paragraphs(stage, runtime)
}

function nodeHealthCheck(project: Project): string {
  const runtime = project.packageManager === 'bun' ? 'bun' : 'node'
  const script = `fetch('http://127.0.0.1:' + process.env.PORT + '${project.healthPath}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`
  return healthCheck([runtime, '-e', script])
}

function pythonDockerfile(project: Project): string {
  const { image } = project
  const everything = image.manifests.includes('.')
  const stage = text`
    ${notice}
    FROM ${image.buildImage} AS build
    WORKDIR /app
    ${run(image.prepare)}
    RUN python -m venv /opt/venv
    ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
    ${copy(image.manifests)}
    ${run(image.install)}
  `
  const runtime = text`
    FROM ${image.runtimeImage} AS runtime
    ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=${project.port}
    RUN useradd --system --uid 10001 --create-home ${image.user}
    WORKDIR /app
    COPY --from=build /opt/venv /opt/venv
    ${everything ? 'COPY --from=build /app ./' : 'COPY . .'}
    # What the application may write; everything else stays root's.
    RUN mkdir -p data && chown ${image.user} data
    USER ${image.user}
    EXPOSE ${project.port}
    ${pythonHealthCheck(project)}
    CMD ${JSON.stringify(image.start)}
  `
  return paragraphs(stage, runtime)
}

function pythonHealthCheck(project: Project): string {
  const script = `import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '${project.healthPath}', timeout=4)`
  return healthCheck(['python', '-c', script])
}

function healthCheck(command: readonly string[]): string {
  return lines(
    'HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \\',
    `  CMD ${JSON.stringify(command)}`,
  )
}

function run(commands: readonly string[]): string {
  return lines(...commands.map((command) => `RUN ${command}`))
}

function copy(paths: readonly string[]): string {
  if (paths.includes('.')) return 'COPY . .'
  const folders = paths.filter((path) => path.endsWith('/'))
  const files = paths.filter((path) => !path.endsWith('/'))
  return lines(
    files.length === 0 ? '' : `COPY ${files.join(' ')} ./`,
    ...folders.map((path) => `COPY ${path} ./${path}`),
  )
}
