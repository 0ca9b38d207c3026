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

/** A part of somebody's file that is ours, between two marker lines. */
export interface Region {
  readonly begin: string
  readonly end: string
  /** The whole file, when there is none yet. */
  readonly frame: (region: string) => string
  /** A file without the region, with it put in. */
  readonly insert: (source: string, region: string) => string
}

/** What a target comes to: a file of ours, or a region in one that is not. */
export interface RenderedFile {
  readonly path: string
  readonly target: Target
  readonly executable: boolean
  /** The file's text, or the region's; given what is in the file outside the region. */
  readonly text: (outside: string) => string
  readonly region?: Region
}

/** What rendering needs beside the project. */
export interface RenderOptions {
  /** The host name that nginx serves. */
  readonly domain: string
  /** The README that gets the badges; null where it is not Markdown. */
  readonly readme: string | null
}

/** Everything that the targets come to, in the order in which it is reported. */
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
  // The owner is the guide's placeholder until a remote says who it is; the next run then fills it in.
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

/** Below the first heading, where readers look for badges; at the top of a file without one. */
function insertBelowTitle(source: string, region: string): string {
  const title = /^(?:# .*|[^\n#<][^\n]*\n=+[ \t]*)$/m.exec(source)
  if (title === null) return `${region}\n\n${source}`
  const end = title.index + title[0].length
  const rest = source.slice(end).replace(/^\n+/, '')
  return `${source.slice(0, end)}\n\n${region}\n${rest === '' ? '' : `\n${rest}`}`
}
