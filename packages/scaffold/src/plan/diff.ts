/** Returns a unified diff for `git apply`; empty when nothing changes. */
export async function unifiedDiff(path: string, before: string | undefined, after: string): Promise<string> {
  if (before === after) return ''
  const { createTwoFilesPatch } = await import('diff')
  const old = before === undefined ? '/dev/null' : `a/${path}`
  return createTwoFilesPatch(old, `b/${path}`, before ?? '', after, undefined, undefined, { context: 3 }).replace(
    /^=+\n/,
    '',
  )
}
