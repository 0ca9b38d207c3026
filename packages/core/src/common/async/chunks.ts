const chunkSize = 20

/**
 * Maps items by calls to another service, 20 calls at a time. Sequential calls would take too many round trips, and all at
 * once would overload the service. Results are in the order of the items.
 *
 * @throws the first error of `map`; no further chunk is started then
 */
export async function mapInChunks<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += chunkSize) {
    results.push(...(await Promise.all(items.slice(start, start + chunkSize).map(map))))
  }
  return results
}
