export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
/** A JSON object; `JsonValue` of any depth. */
export type JsonObject = { [key: string]: JsonValue }
