/** Returns a text field of parsed JSON; undefined for other values, and without the field. */
export function textField(value: unknown, name: string): string | undefined {
  const field: unknown = Reflect.get(Object(value), name)
  return typeof field === 'string' ? field : undefined
}
