/** Texts around a notification in an e-mail. */
export const emailTexts = {
  fr: {
    unsubscribe: 'Ne plus recevoir ces e-mails',
    done: 'C’est fait : ces notifications ne vous seront plus envoyées ici.',
    ask: 'Ne plus recevoir ces notifications ici ?',
    confirm: 'Me désinscrire',
  },
  en: {
    unsubscribe: 'Stop receiving these e-mails',
    done: 'Done: these notifications will no longer be sent to you here.',
    ask: 'Stop receiving these notifications here?',
    confirm: 'Unsubscribe',
  },
} as const
