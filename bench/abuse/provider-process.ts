import { startProvider } from '../auth/provider.ts'

/** The process of the OpenID provider, separate from the measured servers. */
const { issuer } = await startProvider()
process.send?.({ issuer })
process.once('disconnect', () => process.exit())
