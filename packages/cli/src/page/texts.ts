import type { Locale } from '../locale.ts'

const fr = {
  title: 'Focus, en développement',
  tagline: 'Connexion et notifications en temps réel, dans votre propre serveur.',
  languages: 'Langue',
  welcome: 'Voyez arriver vos notifications',
  intro:
    'Connectez-vous, puis envoyez-vous une notification d’un bouton ou d’un terminal : elle apparaît ici aussitôt.',
  signIn: 'Se connecter avec Google',
  signInOff: 'La connexion est désactivée (OAUTH_ENABLED).',
  signOut: 'Se déconnecter',
  devIssuer: 'Un émetteur local remplace Google pendant le développement : aucun compte n’est nécessaire.',
  noscript: 'Cette page a besoin de JavaScript.',
  connection: 'Connexion',
  states: {
    idle: 'Déconnecté',
    connecting: 'Connexion…',
    open: 'En direct',
    reconnecting: 'Reconnexion…',
    closed: 'Arrêté',
  },
  tryIt: 'Essayez',
  samples: {
    simple: 'Notification simple',
    activity: 'Activité',
    limit: 'Limite à 80 %',
    blocked: 'Application bloquée',
    challenge: 'Challenge',
  },
  terminal: 'Depuis un terminal, dans le même dossier',
  copy: 'Copier',
  copied: 'Copié',
  notifications: 'Notifications',
  unread: 'non lues',
  readAll: 'Tout marquer comme lu',
  empty: 'Rien encore. Envoyez-vous une notification.',
  types: { info: 'Information', success: 'Succès', warning: 'Avertissement', error: 'Erreur' },
  merged: 'regroupées',
  failures: {
    refused: 'La connexion a été refusée.',
    signIn: 'La connexion a échoué :',
    send: 'L’envoi a échoué :',
    offline: 'Le serveur ne répond pas.',
  },
}

export type Texts = typeof fr

const en: Texts = {
  title: 'Focus, in development',
  tagline: 'Sign-in and real-time notifications, inside your own server.',
  languages: 'Language',
  welcome: 'Watch your notifications arrive',
  intro: 'Sign in, then send yourself a notification from a button or a terminal: it appears here at once.',
  signIn: 'Sign in with Google',
  signInOff: 'Sign-in is switched off (OAUTH_ENABLED).',
  signOut: 'Sign out',
  devIssuer: 'A local issuer stands in for Google during development: no account is needed.',
  noscript: 'This page needs JavaScript.',
  connection: 'Connection',
  states: {
    idle: 'Disconnected',
    connecting: 'Connecting…',
    open: 'Live',
    reconnecting: 'Reconnecting…',
    closed: 'Stopped',
  },
  tryIt: 'Try it',
  samples: {
    simple: 'Simple notification',
    activity: 'Activity',
    limit: 'Limit at 80%',
    blocked: 'App blocked',
    challenge: 'Challenge',
  },
  terminal: 'From a terminal, in the same folder',
  copy: 'Copy',
  copied: 'Copied',
  notifications: 'Notifications',
  unread: 'unread',
  readAll: 'Mark all as read',
  empty: 'Nothing yet. Send yourself a notification.',
  types: { info: 'Information', success: 'Success', warning: 'Warning', error: 'Error' },
  merged: 'merged',
  failures: {
    refused: 'The sign-in was refused.',
    signIn: 'The sign-in failed:',
    send: 'Sending failed:',
    offline: 'The server does not answer.',
  },
}

export const pageTexts: Readonly<Record<Locale, Texts>> = { fr, en }
