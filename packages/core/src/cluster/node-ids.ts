/**
 * Messages name their sender `<name of the node>#<id of the process>`: two processes that were given the same name hear each other
 * all the same.
 */
export function nodeId(name: string, process: string): string {
  return `${name}#${process}`
}

/** Returns the name of a node by its id; a name stands for itself. */
export function nodeNameOf(id: string): string {
  const [name = id] = id.split('#', 1)
  return name
}
