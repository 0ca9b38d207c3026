import type { Duration } from '../../schema/duration.ts'

/** Sends only the first of several notifications with one key within a window. */
export interface Dedupe {
  /** At most 180 characters; counted for each user. */
  readonly key: string
  /** A day when absent. */
  readonly window?: Duration | undefined
}

/** Merges notifications with one key within a window into one, which counts them. */
export interface Group {
  /** At most 180 characters; counted for each user. */
  readonly key: string
  /** Starts with the first notification; an hour when absent. */
  readonly window?: Duration | undefined
  /**
   * Texts of the merged notification: ICU messages over `count`, such as
   * `{count, plural, one {# new comment} other {# new comments}}`. The texts of the newest notification when absent.
   */
  readonly title?: string | undefined
  readonly message?: string | undefined
}

/** Limits the new notifications of a topic to one user within any window. */
export interface Rate {
  /** Notifications with one key are counted together; the topic when absent. */
  readonly key?: string | undefined
  /** 1 to 1,000. */
  readonly limit: number
  readonly window: Duration
  /**
   * Decides about notifications beyond the limit: `drop` (default) discards them, `group` merges them into the last one
   * within the limit, `defer` sends them when the window has room again.
   */
  readonly overflow?: 'drop' | 'group' | 'defer' | undefined
}

/** Policies that may hold a notification back. The insert's transaction applies them, so they hold across nodes. */
export interface Policies {
  readonly dedupe?: Dedupe | null
  readonly group?: Group | null
  readonly rate?: Rate | null
}
