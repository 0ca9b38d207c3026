/**
 * Returns the simple commands of a script: the parts between separators, without leading keywords, brackets,
 * assignments and `sudo`. This is not a shell parser; it is enough to see which programs a step calls.
 */
export function commandsOf(script: string): string[] {
  return logicalLines(script)
    .flatMap((line) => line.split(/&&|;|\|\|?/))
    .map(bareCommand)
    .filter((command) => command !== '')
}

/** Returns the pipelines of a script, each as a list of commands. */
export function pipelinesOf(script: string): string[][] {
  return logicalLines(script)
    .flatMap((line) => line.split(/&&|;|\|\|/))
    .map((pipeline) => pipeline.split('|').map(bareCommand))
}

/** Returns whether a script connects to another machine; creating a key or printing the word ssh does not count. */
export function callsSsh(script: string): boolean {
  return commandsOf(script).some((command) => /^ssh\s|\$\(\s*ssh\s/.test(command))
}

/** Returns the lines of a script without comments, joined where a backslash or a trailing operator continues them. */
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
