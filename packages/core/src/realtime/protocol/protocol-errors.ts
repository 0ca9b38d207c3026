/** Language of the texts that users may read. */
export type RealtimeLocale = 'fr' | 'en'

interface WireErrorTexts {
  readonly message: Readonly<Record<RealtimeLocale, string>>
  readonly hint: string
}

/** The codes of `error` messages, with their texts. A code is never removed. */
export const wireErrors = {
  unknown_action: {
    message: { fr: 'Action inconnue', en: 'Unknown action' },
    hint: 'Actions: ping, subscribe, unsubscribe, get_stats, resume, sync, ack, read, auth.',
  },
  invalid_json: {
    message: { fr: 'Message JSON invalide', en: 'The message is not JSON' },
    hint: 'Send text frames that hold one JSON object each.',
  },
  invalid_message: {
    message: { fr: 'Message invalide', en: 'The message is invalid' },
    hint: 'See PROTOCOL.md for the fields of each action.',
  },
  rate_limited: {
    message: { fr: 'Trop de messages', en: 'Too many messages' },
    hint: 'Wait for `retry_after` seconds; `limits.actions_per_minute` of the connection message is the limit of one connection; all connections of a user share another limit.',
  },
  unauthenticated: {
    message: { fr: 'Authentification requise', en: 'Authentication is required' },
    hint: 'Send {"action":"auth","token":"<access token>"} first.',
  },
  invalid_token: {
    message: { fr: 'Jeton invalide', en: 'The token is invalid' },
    hint: 'Send a fresh access token; the connection keeps its current one.',
  },
  subject_mismatch: {
    message: { fr: 'Le jeton est celui d’un autre utilisateur', en: 'The token belongs to another user' },
    hint: 'Open a separate connection for another user.',
  },
  too_many_topics: {
    message: { fr: 'Trop de sujets', en: 'Too many topics' },
    hint: 'Unsubscribe from topics that are not needed, or connect without a subscription to receive all.',
  },
  sync_in_progress: {
    message: { fr: 'Une synchronisation est en cours', en: 'A sync is in progress' },
    hint: 'Wait for the `synced` message of the running one.',
  },
  unavailable: {
    message: { fr: 'Service momentanément indisponible', en: 'Temporarily unavailable' },
    hint: 'The database did not answer; try again in a moment.',
  },
} as const satisfies Record<string, WireErrorTexts>

export type WireErrorCode = keyof typeof wireErrors

/** The greeting in the `connection` message. The French text is given by the guide. */
export const greeting: Readonly<Record<RealtimeLocale, string>> = {
  fr: 'Connexion etablie avec succes',
  en: 'Connection established',
}
