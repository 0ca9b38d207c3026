/** A call of the guide's Python examples, in the names of the TypeScript interface. */
export interface Call {
  /** Such as `notifyLimitWarning`. */
  readonly method: string
  /** Top-level names in camelCase; names inside values do not change. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/**
 * The `await notification_service.…(…)` calls of a Python block. Their arguments are literals that JSON knows too, which is
 * all that this reads.
 */
export function pythonCalls(code: string): Call[] {
  return [...code.matchAll(/await notification_service\.(\w+)\(\n(.*?)\n\)/gs)].map(([, method = '', body = '']) => ({
    method: camelCase(method),
    parameters: Object.fromEntries(
      [...body.matchAll(/^ {4}(\w+)=(.*?),?$/gm)].map(([, name = '', value = '']) => [
        camelCase(name),
        JSON.parse(value),
      ]),
    ),
  }))
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
