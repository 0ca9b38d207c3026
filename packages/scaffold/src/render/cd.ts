import { uses } from '../common/actions.ts'
import { deployScriptPath } from '../common/target-paths.ts'
import { expression, text } from '../common/text.ts'
import type { Project } from '../common/project.ts'
import { imageLabel } from './deploy-script.ts'
import { checkout, generatedNotice } from './steps.ts'

/** Renders `.github/workflows/cd.yml`: the guide's jobs deploy, release and notify. */
export function renderCd(project: Project): string {
  return `${text`
    ${generatedNotice}
    name: CD

    on:
      push:
        branches: [${project.defaultBranch}]
        tags: ["v*"]

    permissions:
      contents: read

    # One deployment at a time, and never one cut off half-way.
    concurrency:
      group: deploy-production
      cancel-in-progress: false

    jobs:
      ${deployJob(project)}

      ${releaseJob}

      ${notifyJob(project)}
  `}\n`
}

function deployJob(project: Project): string {
  const image = `docker.io/${expression('secrets.DOCKER_USERNAME')}/${project.slug}`
  return text`
    deploy:
      name: Deploy
      runs-on: ubuntu-24.04
      timeout-minutes: 45
      environment: production
      permissions:
        contents: read
        id-token: write # Signs the image's attestation.
        attestations: write # Stores it.
      outputs:
        digest: ${expression('steps.build.outputs.digest')}
      steps:
        ${checkout}

        # Nothing here restores a cache: what another run could write there must not end up in the image.
        - name: Set up Buildx
          uses: ${uses('docker/setup-buildx-action')}
          with:
            cache-binary: false

        - name: Log in to Docker Hub
          uses: ${uses('docker/login-action')}
          with:
            username: ${expression('secrets.DOCKER_USERNAME')}
            password: ${expression('secrets.DOCKER_PASSWORD')}

        - name: Choose the image's tags
          id: meta
          uses: ${uses('docker/metadata-action')}
          with:
            images: ${image}
            flavor: latest=false
            tags: |
              type=sha,format=long
              type=semver,pattern={{version}}

        - name: Build and push the image
          id: build
          uses: ${uses('docker/build-push-action')}
          with:
            context: .
            push: true
            tags: ${expression('steps.meta.outputs.tags')}
            labels: |
              ${expression('steps.meta.outputs.labels')}
              ${imageLabel(project)}
            provenance: mode=max
            sbom: true

        # Public repositories only, unless the variable ATTEST says that this one's plan has attestations.
        - name: Attest the image
          if: github.event.repository.private == false || vars.ATTEST == 'true'
          uses: ${uses('actions/attest')}
          with:
            subject-name: index.docker.io/${expression('secrets.DOCKER_USERNAME')}/${project.slug}
            subject-digest: ${expression('steps.build.outputs.digest')}
            push-to-registry: true

        ${prepareSsh}

        ${deployOverSsh(image)}

        - name: Remove the SSH key
          if: always()
          run: rm -rf "$RUNNER_TEMP/ssh"
  `
}

const prepareSsh = text`
  - name: Prepare SSH
    env:
      SERVER_HOST: ${expression('secrets.SERVER_HOST')}
      SERVER_SSH_KEY: ${expression('secrets.SERVER_SSH_KEY')}
      SERVER_KNOWN_HOSTS: ${expression('secrets.SERVER_KNOWN_HOSTS')}
    run: |
      if [ -z "$SERVER_KNOWN_HOSTS" ]; then
        echo "::error::The secret SERVER_KNOWN_HOSTS is not set, so the identity of the server cannot be verified."
        echo "On a machine that you trust, run: ssh-keyscan -t ed25519 <the server>"
        echo "Compare the fingerprint (ssh-keygen -lf -) with the one on the server's console, then store the line as SERVER_KNOWN_HOSTS."
        exit 1
      fi
      if [ -z "$SERVER_HOST" ] || [ -z "$SERVER_SSH_KEY" ]; then
        echo "::error::The secrets SERVER_HOST and SERVER_SSH_KEY must be set."
        exit 1
      fi
      install -m 700 -d "$RUNNER_TEMP/ssh"
      install -m 600 /dev/null "$RUNNER_TEMP/ssh/key"
      install -m 600 /dev/null "$RUNNER_TEMP/ssh/known_hosts"
      printf '%s\\n' "$SERVER_SSH_KEY" > "$RUNNER_TEMP/ssh/key"
      printf '%s\\n' "$SERVER_KNOWN_HOSTS" > "$RUNNER_TEMP/ssh/known_hosts"
`

/** @param image - name of the image, without its digest */
function deployOverSsh(image: string): string {
  return text`
    - name: Deploy over SSH
      env:
        SERVER_HOST: ${expression('secrets.SERVER_HOST')}
        SERVER_USERNAME: ${expression('secrets.SERVER_USERNAME')}
        SERVER_PORT: ${expression("vars.SERVER_PORT || '22'")}
        DOCKER_USERNAME: ${expression('secrets.DOCKER_USERNAME')}
        DOCKER_PASSWORD: ${expression('secrets.DOCKER_PASSWORD')}
        IMAGE: ${image}@${expression('steps.build.outputs.digest')}
      run: |
        # Settings and script travel over stdin, so that no secret shows among the server's processes.
        {
          for name in IMAGE DOCKER_USERNAME DOCKER_PASSWORD; do
            printf 'export %s=%q\\n' "$name" "\${!name}"
          done
          cat ${deployScriptPath}
        } | ssh -i "$RUNNER_TEMP/ssh/key" -p "$SERVER_PORT" \\
          -o BatchMode=yes \\
          -o IdentitiesOnly=yes \\
          -o StrictHostKeyChecking=yes \\
          -o UserKnownHostsFile="$RUNNER_TEMP/ssh/known_hosts" \\
          -o ConnectTimeout=15 \\
          -o ServerAliveInterval=15 \\
          "$SERVER_USERNAME@$SERVER_HOST" 'bash -s'
  `
}

const releaseJob = text`
  release:
    name: Release
    needs: deploy
    if: startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: write # Creates the release of the tag.
    steps:
      - name: Create the GitHub release with its changelog
        env:
          GH_TOKEN: ${expression('github.token')}
          GH_REPO: ${expression('github.repository')}
          TAG: ${expression('github.ref_name')}
        run: |
          if gh release view "$TAG" > /dev/null 2>&1; then
            echo "The release $TAG exists already."
            exit 0
          fi
          case "$TAG" in
            *-*) gh release create "$TAG" --verify-tag --generate-notes --prerelease ;;
            *) gh release create "$TAG" --verify-tag --generate-notes ;;
          esac
`

function notifyJob(project: Project): string {
  return text`
    notify:
      name: Notify
      needs: [deploy, release]
      if: "!cancelled()"
      runs-on: ubuntu-24.04
      timeout-minutes: 5
      permissions: {}
      env:
        SLACK_WEBHOOK: ${expression('secrets.SLACK_WEBHOOK')}
      steps:
        - name: Tell Slack what happened where
          if: env.SLACK_WEBHOOK != ''
          env:
            DEPLOY: ${expression('needs.deploy.result')}
            RELEASE: ${expression('needs.release.result')}
            DIGEST: ${expression('needs.deploy.outputs.digest')}
            REPOSITORY: ${expression('github.repository')}
            REF: ${expression('github.ref_name')}
            COMMIT: ${expression('github.sha')}
            ACTOR: ${expression('github.actor')}
            RUN_URL: ${expression('github.server_url')}/${expression('github.repository')}/actions/runs/${expression('github.run_id')}
          run: |
            case "$DEPLOY" in
              success) deployed=":white_check_mark: deployed to production" ;;
              skipped) deployed=":fast_forward: not deployed" ;;
              *) deployed=":x: deployment to production: $DEPLOY" ;;
            esac
            case "$RELEASE" in
              success) released="release $REF created" ;;
              skipped) released="no release" ;;
              *) released=":x: release: $RELEASE" ;;
            esac
            text="$REPOSITORY: $deployed, $released
            $REF at \${COMMIT:0:7} by $ACTOR, image ${project.slug}@\${DIGEST:-none}
            $RUN_URL"
            jq --null-input --arg text "$text" \\
              '{text: ($text | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;"))}' \\
              | curl --fail --silent --show-error --max-time 20 --retry 3 \\
                --header 'Content-Type: application/json' --data-binary @- "$SLACK_WEBHOOK"
  `
}
