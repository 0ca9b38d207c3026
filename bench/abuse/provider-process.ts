import { startProvider } from '../auth/provider.ts'

/** The OpenID provider, apart from the servers that are measured. */
const { issuer } = await startProvider()
process.send?.({ issuer })
process.once('disconnect', () => process.exit())
