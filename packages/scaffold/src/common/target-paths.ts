import type { Target } from './project.ts'

export const deployScriptPath = 'deploy/deploy.sh'
export const nginxPath = 'deploy/nginx.conf'
export const manifestPath = '.focus/ci.json'

/** The files of each target. */
export const targetPaths: Readonly<Record<Target, readonly string[]>> = {
  ci: ['.github/workflows/ci.yml'],
  cd: ['.github/workflows/cd.yml', deployScriptPath],
  docker: ['Dockerfile', '.dockerignore', 'compose.yaml'],
  nginx: [nginxPath],
  env: ['.env.example'],
  badges: ['README.md'],
  dependabot: ['.github/dependabot.yml'],
}
