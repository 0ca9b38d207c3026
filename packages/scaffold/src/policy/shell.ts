/**
 * The simple commands of a script, one by one: what stands between separators, without what a shell allows in front of a
 * command (keywords, brackets, assignments, `sudo`). No parser of a shell: enough to see which programs a step calls.
 */
export function commandsOf(script: string): string[] {
  return logicalLines(script)
    .flatMap((line) => line.split(/&&|;|\|\|?/))
    .map(bareCommand)
    .filter((command) => command !== '')
}

/** The pipelines of a script, each as the commands that pass their output on. */
export function pipelinesOf(script: string): string[][] {
  return logicalLines(script)
    .flatMap((line) => line.split(/&&|;|\|\|/))
    .map((pipeline) => pipeline.split('|').map(bareCommand))
}

/** Whether a script connects to another machine; one that speaks of ssh, or makes a key, does not. */
export function callsSsh(script: string): boolean {
  return commandsOf(script).some((command) => /^ssh\s|\$\(\s*ssh\s/.test(command))
}

/** The script's lines without comments, each with those that a backslash or a trailing operator goes on in. */
export function logicalLines(script: string): string[] {
  return script
    .replaceAll(/\\\n\s*/g, ' ')
    .replaceAll(/(\|\|?|&&)[ \t]*\n\s*/g, '$1 ')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
}

function bareCommand(text: string): string {
  const command = text.trim().replaceAll(/\s+/g, ' ')
  return command.replace(leading, '').replace(/ ?[)}]$/, '')
}

const leading =
  /^(?:[({!] ?|(?:if|then|elif|else|do|while|until|time|exec|command|env) |sudo (?:-\S+ )*|[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|[^\s"'(])* )+/
