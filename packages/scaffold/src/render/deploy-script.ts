import { text } from '../common/text.ts'
import type { Project } from '../common/project.ts'

/** Label of this application's images, so that pruning on a shared server removes no others. */
export function imageLabel(project: Project): string {
  return `focus.application=${project.slug}`
}

/** Docker publishes the port on loopback, so the container sees nginx as the gateway of its own network. */
const trustedProxy = text`
  # nginx reaches the container through Docker's own network; it says who calls.
  if ! grep -qs '^FOCUS_TRUSTED_PROXIES=.' "$ENV_FILE"; then
    options+=(--env FOCUS_TRUSTED_PROXIES=private)
  fi
`

/**
 * Renders `deploy/deploy.sh`, which runs on the server. All work happens in functions, and the last line calls `main`: if
 * the connection is lost while the script is sent, nothing runs. `main` reads from /dev/null, so that no command inside
 * it consumes the rest of the script as its input.
 */
export function renderDeployScript(project: Project): string {
  const parts = [
    header(project),
    say,
    logIn,
    runImage(project),
    healthy,
    rollBack,
    main(project),
    'main "$@" </dev/null',
  ]
  return `${parts.join('\n\n')}\n`
}

function header(project: Project): string {
  return text`
    #!/usr/bin/env bash
    # Starts one image on this server, and puts the previous one back when it does not become healthy.
    # Written by \`focus init\`; the CD workflow feeds it to \`bash -s\` over SSH. By hand, on the server:
    #
    #   IMAGE=docker.io/you/${project.slug}@sha256:... bash deploy.sh
    #
    # Settings, all from the environment:
    #   IMAGE            the image with its digest (required; the first argument works too)
    #   CONTAINER        name of the container
    #   PORT             port of the application, published on loopback for the reverse proxy
    #   HEALTH_PATH      answers 2xx when the application works
    #   HEALTH_TIMEOUT   seconds that a start may take
    #   ENV_FILE         the application's environment, one NAME=value a line; used when it exists
    #   PRUNE_AGE        this application's unused images older than this are removed after a success
    #   PRUNE_LABEL      the label that its images carry
    #   DOCKER_USERNAME, DOCKER_PASSWORD   to pull a private image; kept for this run only
    set -Eeuo pipefail
  `
}

const say = text`
  say() {
    printf '%s\\n' "$*" || true
  }
`

const logIn = text`
  # A registry login in a directory of its own: the password does not stay on the server.
  log_in() {
    [[ -n "\${DOCKER_USERNAME:-}" && -n "\${DOCKER_PASSWORD:-}" ]] || return 0
    DOCKER_CONFIG=$(mktemp -d)
    export DOCKER_CONFIG
    trap 'rm -rf "$DOCKER_CONFIG"' EXIT
    docker login --username "$DOCKER_USERNAME" --password-stdin <<<"$DOCKER_PASSWORD" >/dev/null
  }
`

function runImage(project: Project): string {
  return text`
    # run_image <image>: replaces the container.
    run_image() {
      local options=(
        --detach
        --name "$CONTAINER"
        --restart unless-stopped
        --init
        --publish "127.0.0.1:$PORT:$PORT"
        --env "PORT=$PORT"
        --volume "$CONTAINER-data:/app/data"
        --add-host host.docker.internal:host-gateway
        --cap-drop ALL
        --security-opt no-new-privileges
        --log-opt max-size=10m
        --log-opt max-file=3
      )
      if [[ -f "$ENV_FILE" ]]; then
        options+=(--env-file "$ENV_FILE")
      fi
      ${project.flavour === 'node' ? trustedProxy : ''}
      # Long enough for the application to finish what it has under way.
      docker stop -t 30 "$CONTAINER" >/dev/null 2>&1 || true
      docker rm --force "$CONTAINER" >/dev/null 2>&1 || true
      docker run "\${options[@]}" "$1" >/dev/null
    }
  `
}

const healthy = text`
  # Asks at least once, then every two seconds until HEALTH_TIMEOUT is over.
  healthy() {
    local waited=0
    until curl --fail --silent --max-time 2 --output /dev/null "http://127.0.0.1:$PORT$HEALTH_PATH"; do
      if ((waited >= HEALTH_TIMEOUT)); then
        return 1
      fi
      sleep 2
      waited=$((waited + 2))
    done
  }
`

const rollBack = text`
  roll_back() {
    say "$IMAGE did not become healthy within $HEALTH_TIMEOUT s. The end of its log:"
    docker logs --tail 50 "$CONTAINER" 2>&1 || true
    if [[ -z "$previous" ]]; then
      docker rm --force "$CONTAINER" >/dev/null 2>&1 || true
      say "There is no previous image to put back."
      exit 1
    fi
    if run_image "$previous" && healthy; then
      say "Rolled back: the previous image $previous runs and is healthy."
    else
      say "The previous image $previous is not healthy either: check the server."
    fi
    exit 1
  }
`

function main(project: Project): string {
  return text`
    main() {
      IMAGE=\${1:-\${IMAGE:-}}
      : "\${CONTAINER:=${project.slug}}"
      : "\${PORT:=${project.port}}"
      : "\${HEALTH_PATH:=${project.healthPath}}"
      : "\${HEALTH_TIMEOUT:=120}"
      : "\${ENV_FILE:=$HOME/${project.slug}.env}"
      : "\${PRUNE_AGE:=168h}"
      : "\${PRUNE_LABEL:=${imageLabel(project)}}"
      if [[ "$IMAGE" != *@sha256:* ]]; then
        say "IMAGE must name an image with its digest (name@sha256:...): a tag can be moved."
        exit 2
      fi
      # A connection that breaks now must not leave the server between two images.
      trap '' HUP PIPE

      log_in
      docker pull "$IMAGE" >/dev/null
      previous=$(docker inspect --format '{{.Image}}' "$CONTAINER" 2>/dev/null || true)
      say "Starting $IMAGE (before: \${previous:-nothing})"
      if ! run_image "$IMAGE" || ! healthy; then
        roll_back
      fi
      say "$IMAGE is healthy."
      docker image prune --all --force --filter "until=$PRUNE_AGE" --filter "label=$PRUNE_LABEL" >/dev/null
    }
  `
}
