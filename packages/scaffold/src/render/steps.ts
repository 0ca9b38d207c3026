import { uses } from '../common/actions.ts'
import { lines, text, yamlScalar } from '../common/text.ts'
import type { Command, NamedCommand } from '../common/project.ts'

/** First line of every generated workflow. */
export const generatedNotice =
  '# Written by `focus init`. Edit it as you like: a later run merges your changes with its own.'

/** Checks out without leaving the token in the working tree, where every later step could read it. */
export const checkout = text`
  - name: Check out
    uses: ${uses('actions/checkout')}
    with:
      persist-credentials: false
`

/** Renders a step that runs a command. */
export function runStep(name: string, command: Command, condition = ''): string {
  return text`
    - name: ${yamlScalar(name)}
      ${condition === '' ? '' : `if: ${yamlCondition(condition)}`}
      ${environment(command.env)}
      ${runBlock(command.run)}
  `
}

export function namedSteps(commands: readonly NamedCommand[]): string[] {
  return commands.map((command) => runStep(command.name, command, command.if))
}

/** Renders `env:` with quoted values; nothing when there are none. */
export function environment(values: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(values ?? {})
  if (entries.length === 0) return ''
  return text`
    env:
      ${lines(...entries.map(([key, value]) => `${key}: ${value.startsWith('${{') ? value : yamlScalar(value)}`))}
  `
}

function runBlock(script: string): string {
  const plain = !script.includes('\n') && /^[A-Za-z][^#:{}[\]&*!|>'"%`]*$/.test(script)
  if (plain) return `run: ${script}`
  return text`
    run: |
      ${script}
  `
}

/**
 * Renders a condition as a bare expression: in a block scalar, or with text around `${{ }}`, it would always be true.
 */
function yamlCondition(condition: string): string {
  return /^[A-Za-z]/.test(condition) && !/[:#]/.test(condition) ? condition : JSON.stringify(condition)
}
