/**
 * The purpose of work for the database. Each class has its own place in every queue, so that no kind of request can fill a queue
 * for the others, and its share of the turns:
 *
 * - `interactive`: sign-ins, tokens and health checks, for which a user waits;
 * - `delivery`: writing and reading notifications, and updating sockets;
 * - `background`: work that may run later, such as pages of the inbox, read marks, the outbox and upkeep.
 */
export type WorkClass = 'interactive' | 'delivery' | 'background'

/** Turns of each class while all classes have waiting work. */
export const shares: Readonly<Record<WorkClass, number>> = { interactive: 8, delivery: 4, background: 1 }

export const workClasses: readonly WorkClass[] = ['interactive', 'delivery', 'background']
