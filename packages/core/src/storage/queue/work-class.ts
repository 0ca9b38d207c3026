/**
 * What a piece of work for the database is for. Each class has room of its own in every queue, so that no kind of request
 * can fill a queue for the others, and a share of the turns:
 *
 * - `interactive`: somebody waits at a sign-in, a token or a health check;
 * - `delivery`: notifications are written and read, and sockets brought up to date;
 * - `background`: everything that may come later: pages of the inbox, read marks, the outbox, upkeep.
 */
export type WorkClass = 'interactive' | 'delivery' | 'background'

/** Turns that each class gets while all of them have work waiting. */
export const shares: Readonly<Record<WorkClass, number>> = { interactive: 8, delivery: 4, background: 1 }

export const workClasses: readonly WorkClass[] = ['interactive', 'delivery', 'background']
