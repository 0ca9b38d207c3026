/**
 * Helpers that load no package and no other part of Focus: `@focus-api/core/internal/light`. Commands that only call a server
 * use this entry, so that they start fast. As `internal`, it is for the packages of Focus only.
 */

// Texts and times, for terminals.
export { escapeInJson, plainText } from '../common/text/plain-text.ts'
export { parseIsoTime } from '../common/time/iso-time.ts'

// Host names, for servers on this machine.
export { isLoopbackHost } from '../net/urls.ts'
