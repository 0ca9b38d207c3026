export function buildPackages(options?: { node?: string; types?: boolean }): Promise<string[]>
