import { text } from '../common/text.ts'

/** Renders `.dockerignore`: secrets, history and large files that an image does not need. */
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
