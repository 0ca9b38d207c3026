import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'

/**
 * A server for the deploy script: a folder with `docker`, `curl`, `sleep` and `ssh` on its PATH that remember what runs and
 * log how they were called. An image whose name holds `missing` cannot be pulled, one with `crash` cannot be started, one
 * with `sick` never answers.
 */
export class FakeServer {
  readonly folder = temporaryFolder('server')
  readonly bin = join(this.folder, 'bin')
  readonly #log = join(this.folder, 'log')
  readonly #running = join(this.folder, 'running')

  constructor() {
    mkdirSync(this.bin)
    for (const [name, body] of Object.entries(programs)) this.#program(name, body)
  }

  get env(): NodeJS.ProcessEnv {
    return { PATH: `${this.bin}:/usr/bin:/bin`, HOME: this.folder, SERVER: this.folder }
  }

  /** The running image, or null. */
  get running(): string | null {
    return existsSync(this.#running) ? readFileSync(this.#running, 'utf8').trim() : null
  }

  set running(image: string) {
    writeFileSync(this.#running, `${image}\n`)
  }

  /** Each call as one line: the program and its arguments. */
  get calls(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trim().split('\n') : []
  }

  called(start: string): string[] {
    return this.calls.filter((line) => line.startsWith(start))
  }

  #program(name: string, body: string): void {
    const path = join(this.bin, name)
    writeFileSync(path, `#!/bin/bash\nprintf '%s\\n' "${name} $*" >> "$SERVER/log"\n${body}`)
    chmodSync(path, 0o755)
  }
}

const programs = {
  docker: `
running="$SERVER/running"
image=\${!#}
case "$1" in
  login) cat > "$SERVER/password"; mkdir -p "$DOCKER_CONFIG"; touch "$DOCKER_CONFIG/config.json"; printf '%s\\n' "$DOCKER_CONFIG" > "$SERVER/config" ;;
  pull) [[ $image != *missing* ]] ;;
  inspect) [[ -f $running ]] && cat "$running" ;;
  stop) [[ -f $running ]] ;;
  rm) rm -f "$running" ;;
  run) [[ ! -f $running ]] || { echo 'the name is in use' >&2; exit 125; }
       [[ $image != *crash* ]] || { echo 'cannot start' >&2; exit 125; }
       printf '%s\\n' "$image" > "$running" ;;
  logs) echo "log of $(cat "$running" 2>/dev/null)" ;;
  image) [[ $2 == prune ]] ;;
  *) echo "docker $1 is not known here" >&2; exit 64 ;;
esac
`,
  curl: '[[ -f $SERVER/running ]] && ! grep -q sick "$SERVER/running"\n',
  sleep: 'exit 0\n',
  // Runs the remote command here, as the server's shell would.
  ssh: 'exec bash -c "${!#}"\n',
} as const
