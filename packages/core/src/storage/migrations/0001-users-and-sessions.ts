import type { TableDefinition } from '../dialects/table-definition.ts'
import type { MigrationStep } from './migration-step.ts'

const tables: TableDefinition[] = [
  {
    name: 'focus_users',
    columns: {
      id: { type: 'id' },
      username: { type: 'key', size: 64 },
      email: { type: 'key', size: 320, nullable: true },
      email_verified: { type: 'integer', default: 0 },
      full_name: { type: 'text', nullable: true },
      avatar_url: { type: 'text', nullable: true },
      locale: { type: 'key', size: 35, nullable: true },
      disabled_at: { type: 'integer', nullable: true },
      created_at: { type: 'integer' },
      updated_at: { type: 'integer' },
    },
    indexes: [
      { columns: ['username'], unique: true },
      { columns: ['email'], unique: true },
    ],
  },
  {
    name: 'focus_accounts',
    columns: {
      issuer: { type: 'key', size: 255 },
      subject: { type: 'key', size: 255 },
      user_key: { type: 'key', size: 191 },
      provider: { type: 'key', size: 64 },
      created_at: { type: 'integer' },
      last_sign_in_at: { type: 'integer' },
    },
    primaryKey: ['issuer', 'subject'],
    indexes: [{ columns: ['user_key'] }],
  },
  {
    name: 'focus_sessions',
    columns: {
      id: { type: 'key', size: 64 },
      user_key: { type: 'key', size: 191 },
      provider: { type: 'key', size: 64 },
      user_agent: { type: 'text', nullable: true },
      ip: { type: 'key', size: 64, nullable: true },
      created_at: { type: 'integer' },
      last_used_at: { type: 'integer' },
      idle_expires_at: { type: 'integer' },
      expires_at: { type: 'integer' },
      ended_at: { type: 'integer', nullable: true },
      end_reason: { type: 'key', size: 64, nullable: true },
    },
    primaryKey: ['id'],
    indexes: [{ columns: ['user_key', 'created_at'] }, { columns: ['ended_at'] }, { columns: ['expires_at'] }],
  },
  {
    name: 'focus_refresh_tokens',
    columns: {
      token_hash: { type: 'key', size: 64 },
      session_id: { type: 'key', size: 64 },
      created_at: { type: 'integer' },
      rotated_at: { type: 'integer', nullable: true },
      successor_hash: { type: 'key', size: 64, nullable: true },
      successor_sealed: { type: 'text', nullable: true },
    },
    primaryKey: ['token_hash'],
    indexes: [{ columns: ['session_id'] }, { columns: ['successor_hash'] }, { columns: ['rotated_at'] }],
  },
  {
    name: 'focus_signing_keys',
    columns: {
      kid: { type: 'key', size: 64 },
      alg: { type: 'key', size: 16 },
      public_jwk: { type: 'text' },
      private_sealed: { type: 'text' },
      created_at: { type: 'integer' },
      activates_at: { type: 'integer' },
      retires_at: { type: 'integer', nullable: true },
    },
    primaryKey: ['kid'],
  },
  {
    name: 'focus_one_time',
    columns: {
      kind: { type: 'key', size: 32 },
      secret_hash: { type: 'key', size: 64 },
      payload: { type: 'text' },
      expires_at: { type: 'integer' },
    },
    primaryKey: ['kind', 'secret_hash'],
    indexes: [{ columns: ['expires_at'] }],
  },
  {
    name: 'focus_meta',
    columns: { name: { type: 'key', size: 64 }, value: { type: 'text' } },
    primaryKey: ['name'],
  },
]

export const usersAndSessions: MigrationStep = {
  name: '0001-users-and-sessions',
  statements: (createTable) => tables.flatMap((table) => createTable(table)),
}
