import { networkInterfaces } from 'node:os'

/** Returns the first address of this machine that others may reach, IPv4 first; null when it only has loopback ones. */
export function machineAddress(): string | null {
  const addresses = Object.values(networkInterfaces()).flatMap((own) => own ?? [])
  const outer = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? null
}
