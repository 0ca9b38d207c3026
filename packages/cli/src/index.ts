export { googleOrStandIn, type GoogleOrStandIn } from './dev-issuer/google-or-stand-in.ts'
export { defineConfig, type FocusConfig } from './config/config-file.ts'
export { type DevIssuer, type DevIssuerOptions, startDevIssuer } from './dev-issuer/issuer.ts'
