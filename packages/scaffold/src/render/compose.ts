import { composeService } from '../common/service-recipes.ts'
import { lines, paragraphs, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'
import { environment } from './steps.ts'

/** Renders `compose.yaml`: the image of this repository and its services on a developer's machine. */
export function renderCompose(project: Project): string {
  const volumes = ['app-data', ...project.services.map((name) => `${name}-data`)]
  return `${text`
    # Written by \`focus init\`: the application and its services on your own machine, \`docker compose up --build\`.
    # The passwords guard nothing; production gets its addresses from the server's environment file.
    name: ${project.slug}

    services:
      ${paragraphs(applicationService(project), ...project.services.map(composeService))}

    volumes:
      ${lines(...volumes.map((name) => `${name}: {}`))}
  `}\n`
}

function applicationService(project: Project): string {
  const dependencies = project.services.map(
    (name) => text`
      ${name}:
        condition: service_healthy
    `,
  )
  const dependsOn = text`
    depends_on:
      ${lines(...dependencies)}
  `
  return text`
    app:
      build: .
      restart: unless-stopped
      ports:
        - "127.0.0.1:${project.port}:${project.port}"
      env_file:
        - path: .env
          required: false
      ${environment(addresses(project)).replace(/^env:/, 'environment:')}
      volumes:
        - app-data:/app/data
      ${project.services.length === 0 ? '' : dependsOn}
  `
}

/** Returns the same URLs as in CI, with the name of the service as the host. */
function addresses(project: Project): Record<string, string> {
  const urls: Record<string, string> = { PORT: String(project.port) }
  for (const [variable, url] of Object.entries(project.serviceUrls)) {
    const service = project.services.find((name) => composeService(name).includes(`:${new URL(url).port}:`))
    urls[variable] = url.replace('127.0.0.1', service ?? '127.0.0.1')
  }
  return urls
}
