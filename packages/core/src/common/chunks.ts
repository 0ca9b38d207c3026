/** What is asked at once of a service that may be somebody else's. */
const sliceSize = 20

/**
 * Maps items by questions to a directory, a slice of them at a time: a thousand one after the other would take as many
 * round trips, and a thousand at once would crowd out everybody else. Results are in the order of the items.
 *
 * @throws whatever `ask` rejects with first; no further slice is begun then
 */
export async function mapInChunks<Item, Result>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += sliceSize) {
    results.push(...(await Promise.all(items.slice(start, start + sliceSize).map(ask))))
  }
  return results
}
