export function pnpm(args: readonly string[], cwd?: string): Promise<{ code: number; output: string }>
