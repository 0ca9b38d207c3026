import type { Workflow } from './workflow.ts'

/** Where a file falls short of a rule. */
export interface Finding {
  /** `W01` to `W26`, or `W00` for a file that cannot be read at all. */
  readonly rule: string
  readonly path: string
  /** From 1. */
  readonly line: number
  /** What is wrong, and what to write instead. */
  readonly message: string
  /** What it guards against. */
  readonly why: string
}

/** What a rule finds; the linter adds which rule and file it was. */
export interface Problem {
  readonly line: number
  readonly message: string
}

/** A file as the rules see it. */
export interface PolicyFile {
  readonly path: string
  readonly text: string
  /** Present when the file is a workflow that could be parsed. */
  readonly workflow?: Workflow
}

/** All files under examination, by path. */
export type PolicyFiles = ReadonlyMap<string, PolicyFile>

/** A rule about single workflows. */
export interface WorkflowRule {
  readonly id: string
  readonly what: string
  readonly why: string
  readonly workflow: (workflow: Workflow, files: PolicyFiles) => Iterable<Problem>
}

/** A rule about other files, or about files together. */
export interface FileRule {
  readonly id: string
  readonly what: string
  readonly why: string
  readonly applies: (path: string) => boolean
  readonly file: (file: PolicyFile, files: PolicyFiles) => Iterable<Problem>
}

export type Rule = WorkflowRule | FileRule
