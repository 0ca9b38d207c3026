export { type DevIssuer, type DevIssuerOptions, startDevIssuer } from './dev-issuer/issuer.ts'
