import type { JsonObject } from '../../common/json.ts'
import type { Definition } from './definition.ts'
import type { ParamsSchema } from './params.ts'

/** The guide's notifications, which every catalogue holds. */
export interface BuiltInCatalogue {
  /** Topic `activities`. */
  readonly activityUpdate: Definition<ParamsSchema<ActivityUpdate>>
  /** Topic `limits`, a warning. */
  readonly limitWarning: Definition<ParamsSchema<LimitWarning>>
  /** Topic `limits`, an error. */
  readonly appBlocked: Definition<ParamsSchema<AppBlocked>>
  /** Topic `challenges`. */
  readonly challengeUpdate: Definition<ParamsSchema<ChallengeUpdate>>
  /** Topic `challenges`. */
  readonly leaderboardUpdate: Definition<ParamsSchema<LeaderboardUpdate>>
}

export interface ActivityUpdate {
  /** Travels as the notification's `data`. */
  readonly activity: JsonObject
}

export interface LimitWarning {
  /** 1 to 400 characters, as every name below. */
  readonly appName: string
  /** The used share of the limit: 80 for 80 %. */
  readonly percentage: number
}

export interface AppBlocked {
  readonly appName: string
}

export interface ChallengeUpdate {
  readonly challengeTitle: string
  readonly updateType: string
  /** At most 8,000 characters. */
  readonly message: string
  /** Travels in the notification's `data`, beside `challenge_title` and `update_type`. */
  readonly data?: JsonObject | undefined
}

export interface LeaderboardUpdate {
  readonly challengeTitle: string
  /** Travels in the notification's `data`, beside `challenge_title`. */
  readonly leaderboardData: JsonObject
}
