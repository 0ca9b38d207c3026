export function pnpm(args: readonly string[], cwd?: string): Promise<{ code: number | null; output: string }>
