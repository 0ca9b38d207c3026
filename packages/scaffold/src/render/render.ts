import { nginxPath, deployScriptPath } from '../common/target-paths.ts'
import type { Project, Target } from '../common/project.ts'
import { renderBadges } from './badges.ts'
import { renderCd } from './cd.ts'
import { renderCi } from './ci.ts'
import { renderCompose } from './compose.ts'
import { renderDependabot } from './dependabot.ts'
import { renderDeployScript } from './deploy-script.ts'
import { renderDockerfile } from './dockerfile.ts'
import { renderDockerignore } from './dockerignore.ts'
import { envKeys, renderEnvExample } from './env-example.ts'
import { renderNginx } from './nginx.ts'

/** A generated part of a user's file, between two marker lines. */
export interface Region {
  readonly begin: string
  readonly end: string
  /** Returns the whole file, when it does not exist yet. */
  readonly frame: (region: string) => string
  /** Inserts the region into a file without one. */
  readonly insert: (source: string, region: string) => string
}

/** A generated file, or a generated region in a user's file. */
export interface RenderedFile {
  readonly path: string
  readonly target: Target
  readonly executable: boolean
  /** Returns the text of the file or region; `outside` is the text of the file outside the region. */
  readonly text: (outside: string) => string
  readonly region?: Region
}

/** Options of {@link renderFiles}. */
export interface RenderOptions {
  /** The host name that nginx serves. */
  readonly domain: string
  /** The README for the badges; null when it is not Markdown. */
  readonly readme: string | null
}

/** Renders the files of all targets, in the order of the report. */
export function renderFiles(project: Project, { domain, readme }: RenderOptions): RenderedFile[] {
  const file = (path: string, target: Target, source: string): RenderedFile => ({
    path,
    target,
    executable: path.endsWith('.sh'),
    text: () => source,
  })
  return [
    file('.github/workflows/ci.yml', 'ci', renderCi(project)),
    file('.github/workflows/cd.yml', 'cd', renderCd(project)),
    file(deployScriptPath, 'cd', renderDeployScript(project)),
    file('Dockerfile', 'docker', renderDockerfile(project)),
    file('.dockerignore', 'docker', renderDockerignore()),
    file('compose.yaml', 'docker', renderCompose(project)),
    file(nginxPath, 'nginx', renderNginx(project, domain)),
    envExample(project),
    ...(readme === null ? [] : [badges(project, readme)]),
    file('.github/dependabot.yml', 'dependabot', renderDependabot(project)),
  ]
}

function envExample(project: Project): RenderedFile {
  return {
    path: '.env.example',
    target: 'env',
    executable: false,
    text: (outside) => renderEnvExample(project, envKeys(outside)),
    region: {
      begin: '# >>> focus init',
      end: '# <<< focus init',
      frame: (region) => `${region}\n`,
      insert: (source, region) => `${source.replace(/\n*$/, '')}\n\n${region}\n`,
    },
  }
}

function badges(project: Project, path: string): RenderedFile {
  // Without a remote, the owner is the guide's placeholder; the next run fills it in.
  const repository = project.repository ?? `your-username/${project.slug}`
  return {
    path,
    target: 'badges',
    executable: false,
    text: () => renderBadges(repository, project.defaultBranch),
    region: {
      begin: '<!-- focus init: badges -->',
      end: '<!-- /focus init: badges -->',
      frame: (region) => `# ${project.name}\n\n${region}\n`,
      insert: insertBelowTitle,
    },
  }
}

/** Inserts the region below the first heading, or at the top of a file without one. */
function insertBelowTitle(source: string, region: string): string {
  const title = /^(?:# .*|[^\n#<][^\n]*\n=+[ \t]*)$/m.exec(source)
  if (title === null) return `${region}\n\n${source}`
  const end = title.index + title[0].length
  const rest = source.slice(end).replace(/^\n+/, '')
  return `${source.slice(0, end)}\n\n${region}\n${rest === '' ? '' : `\n${rest}`}`
}
