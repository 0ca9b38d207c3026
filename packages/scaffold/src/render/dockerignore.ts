import { text } from '../common/text.ts'

/** `.dockerignore`: what must not get into an image (secrets, history) or would only make it large. */
export function renderDockerignore(): string {
  return `${text`
    # Written by \`focus init\`.
    .git
    .github
    .focus
    .env
    .env.*
    !.env.example
    *.pem
    *.key
    *.db
    *.db-shm
    *.db-wal
    **/node_modules
    **/dist
    **/coverage
    **/__pycache__
    **/*.pyc
    .venv
    venv
    data
    deploy
    Dockerfile
    compose.yaml
  `}\n`
}
