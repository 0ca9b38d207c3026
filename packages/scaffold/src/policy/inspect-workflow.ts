import { Workflow } from './workflow.ts'

/** The result of {@link inspectWorkflow}. */
export interface WorkflowSummary {
  /** Why the file is not YAML; null when it is. `line` counts from 1. */
  readonly syntaxError: { readonly line: number; readonly message: string } | null
  readonly jobs: readonly WorkflowJob[]
}

/** A job of a workflow, with the secrets that it reads. */
export interface WorkflowJob {
  readonly id: string
  /** Name of the environment that the job runs in; null without one. */
  readonly environment: string | null
  /** In capitals, as GitHub stores them; without `GITHUB_TOKEN`, which every run has. */
  readonly secrets: readonly string[]
}

/** Parses the text of a workflow and returns its jobs with the secrets that they read. */
export function inspectWorkflow(text: string): WorkflowSummary {
  const { syntaxError, jobs } = new Workflow(text)
  return {
    syntaxError: syntaxError ?? null,
    jobs: jobs.map(({ id, environment, secrets }) => ({
      id,
      environment: environment === '' ? null : environment,
      secrets,
    })),
  }
}
