import type { UserResponse } from './protocol.ts'

/** The signed-in user. */
export interface FocusUser {
  readonly id: number | string
  readonly username: string
  readonly email: string | null
  readonly fullName: string | null
  readonly avatarUrl: string | null
}

export function toUser(user: UserResponse): FocusUser {
  return {
    id: user.id,
    username: user.username,
    email: user.email ?? null,
    fullName: user.full_name ?? null,
    avatarUrl: user.avatar_url ?? null,
  }
}
