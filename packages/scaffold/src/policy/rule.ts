import type { Workflow } from './workflow.ts'

/** A violation of a rule. */
export interface Finding {
  /** `W01` to `W26`, or `W00` for a file that is not YAML. */
  readonly rule: string
  readonly path: string
  /** Line number, from 1. */
  readonly line: number
  /** The problem, and the correct form. */
  readonly message: string
  /** The reason for the rule. */
  readonly why: string
}

/** A violation before the linter adds the rule and the file. */
export interface Problem {
  readonly line: number
  readonly message: string
}

/** A file as the rules see it. */
export interface PolicyFile {
  readonly path: string
  readonly text: string
  /** Present when the file is a workflow and valid YAML. */
  readonly workflow?: Workflow
}

/** All files to check, by path. */
export type PolicyFiles = ReadonlyMap<string, PolicyFile>

/** A rule for single workflows. */
export interface WorkflowRule {
  readonly id: string
  readonly what: string
  readonly why: string
  readonly workflow: (workflow: Workflow, files: PolicyFiles) => Iterable<Problem>
}

/** A rule for other files, or for files in combination. */
export interface FileRule {
  readonly id: string
  readonly what: string
  readonly why: string
  readonly applies: (path: string) => boolean
  readonly file: (file: PolicyFile, files: PolicyFiles) => Iterable<Problem>
}

export type Rule = WorkflowRule | FileRule
