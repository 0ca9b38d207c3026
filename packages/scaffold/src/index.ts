export {
  type Answers,
  type Evidence,
  type Flavour,
  type PackageManager,
  type ServiceChoice,
  type Target,
  targets,
} from './common/project.ts'
export { type AnswerNames, checkAnswers, type UncheckedAnswers } from './common/answers.ts'
export { ScaffoldError, type ScaffoldErrorKind } from './common/scaffold-error.ts'

export type { FileReport, ScaffoldReport, DetectedReport } from './plan/report.ts'
export type { SecretNeed } from './plan/secret-needs.ts'
export type { FileState } from './plan/state.ts'
export { inspectWorkflow, type WorkflowJob, type WorkflowSummary } from './policy/inspect-workflow.ts'
export { lintFiles, lintRepository } from './policy/lint.ts'
export type { Finding } from './policy/rule.ts'
export {
  scaffold,
  type ScaffoldOptions,
  type ScaffoldOutcome,
  type ScaffoldResult,
} from './scaffold.ts'
export { listSecrets } from './secrets.ts'
