export function publishedPackages(): string[]
export function packPackage(source: string, destination: string): Promise<string>
