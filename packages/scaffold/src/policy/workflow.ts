import { type Document, isScalar, LineCounter, parseDocument } from 'yaml'
import { isRecord } from '../common/repository.ts'

type Table = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

/** A parsed workflow file with the position of each part, shared by all rules. */
export class Workflow {
  readonly text: string
  readonly root: Table
  readonly jobs: readonly Job[]
  /** Why the file is not YAML; undefined when it is. */
  readonly syntaxError: { readonly line: number; readonly message: string } | undefined
  readonly #document: Document
  readonly #lines = new LineCounter()

  constructor(text: string) {
    this.text = text
    this.#document = parseDocument(text, { lineCounter: this.#lines })
    const { value, error } = valueOf(this.#document)
    this.syntaxError =
      error === undefined ? undefined : { line: error.line, message: error.message.split('\n')[0] ?? error.message }
    this.root = table(value)
    this.jobs = Object.entries(table(this.root['jobs'])).map(([id, definition]) => new Job(this, id, table(definition)))
  }

  /** Names of the events that start the workflow. */
  get triggers(): readonly string[] {
    const on = this.root['on']
    if (typeof on === 'string') return [on]
    return Array.isArray(on) ? on.filter((event) => typeof event === 'string') : Object.keys(table(on))
  }

  get onPullRequest(): boolean {
    return this.triggers.includes('pull_request')
  }

  /** Whether the workflow publishes or deploys: one of its jobs has an environment. */
  get deploys(): boolean {
    return this.jobs.some((job) => job.table['environment'] !== undefined)
  }

  get steps(): readonly Step[] {
    return this.jobs.flatMap((job) => job.steps)
  }

  /** Returns the line of a part of the file, or that of its nearest existing parent. */
  line(path: Path): number {
    for (let depth = path.length; depth > 0; depth--) {
      const node = this.#document.getIn(path.slice(0, depth), true)
      const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
      const offset: unknown = Array.isArray(range) ? range[0] : undefined
      if (typeof offset === 'number') return this.#lines.linePos(offset).line
    }
    return 1
  }

  /** Returns whether a value is written as `|` or `>`. */
  isBlockScalar(path: Path): boolean {
    const node: unknown = this.#document.getIn(path, true)
    return isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
  }

  sourceLine(line: number): string {
    return this.text.split('\n')[line - 1] ?? ''
  }
}

/** A job of a workflow. */
export class Job {
  readonly workflow: Workflow
  readonly id: string
  readonly table: Table
  readonly path: Path
  readonly steps: readonly Step[]

  constructor(workflow: Workflow, id: string, definition: Table) {
    this.workflow = workflow
    this.id = id
    this.table = definition
    this.path = ['jobs', id]
    const steps = definition['steps']
    this.steps = (Array.isArray(steps) ? steps : []).map((step, index) => new Step(this, index, table(step)))
  }

  get line(): number {
    return this.workflow.line(this.path)
  }

  get condition(): string {
    return stringOf(this.table['if'])
  }

  get needs(): readonly string[] {
    const needs = this.table['needs']
    if (typeof needs === 'string') return [needs]
    return Array.isArray(needs) ? needs.filter((id) => typeof id === 'string') : []
  }

  /** Name of the job's environment, whose secrets it sees in addition to those of the repository; empty without one. */
  get environment(): string {
    const environment = this.table['environment']
    return stringOf(environment) || stringOf(table(environment)['name'])
  }

  /**
   * Secrets that the job reads, including those in the workflow's `env:` and without `GITHUB_TOKEN`, which every run
   * has. In capitals, as GitHub stores them: expressions ignore case.
   */
  get secrets(): readonly string[] {
    const source = JSON.stringify([this.workflow.root['env'], this.table])
    const names = [...source.matchAll(/\bsecrets\s*(?:\.\s*|\[\s*\\?['"])([a-z_]\w*)/gi)].map((match) =>
      (match[1] ?? '').toUpperCase(),
    )
    return [...new Set(names)].filter((name) => name !== 'GITHUB_TOKEN')
  }

  lineOf(...path: Path): number {
    return this.workflow.line([...this.path, ...path])
  }
}

/** A step of a job. */
export class Step {
  readonly job: Job
  readonly table: Table
  readonly path: Path

  constructor(job: Job, index: number, definition: Table) {
    this.job = job
    this.table = definition
    this.path = [...job.path, 'steps', index]
  }

  get line(): number {
    return this.job.workflow.line(this.path)
  }

  get run(): string {
    return stringOf(this.table['run'])
  }

  get condition(): string {
    return stringOf(this.table['if'])
  }

  get uses(): string {
    return stringOf(this.table['uses'])
  }

  /** Inputs by lower-case name: GitHub ignores case. */
  get inputs(): Table {
    return Object.fromEntries(
      Object.entries(table(this.table['with'])).map(([name, value]) => [name.toLowerCase(), value]),
    )
  }

  get environment(): Table {
    return table(this.table['env'])
  }

  /** Repository and folder of the action, without the version; in lower case, because GitHub ignores case. */
  get action(): string {
    return this.uses.replace(/@.*/, '').toLowerCase()
  }

  /** Returns whether the step runs an action of a repository, at any version. */
  isAction(repository: string): boolean {
    return this.action === repository || this.action.startsWith(`${repository}/`)
  }

  lineOf(...path: Path): number {
    return this.job.workflow.line([...this.path, ...path])
  }
}

interface Value {
  readonly value?: unknown
  readonly error?: { readonly line: number; readonly message: string }
}

/** Returns the value of a document, or the error. Alias errors appear only when the value is built. */
function valueOf(document: Document): Value {
  const error = document.errors[0]
  if (error) return { error: { line: error.linePos?.[0].line ?? 1, message: error.message } }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    // Throws when an alias is inside the node that it refers to.
    JSON.stringify(value)
    return { value }
  } catch (thrown) {
    return { error: { line: 1, message: thrown instanceof Error ? thrown.message : String(thrown) } }
  }
}

export function table(value: unknown): Table {
  return isRecord(value) ? value : {}
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? String(value) : ''
}
