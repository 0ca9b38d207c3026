import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resolveSecrets } from './configured-secrets.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'focus-secret-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const sqlite = () => ({ dialect: 'sqlite', file: join(folder, 'focus.db') })

describe('S32 secrets', () => {
  test('a random one is kept beside the SQLite file, for its owner alone, and read again', () => {
    const source = { configured: undefined, database: sqlite(), publicUrl: null }
    const [secret = ''] = resolveSecrets(source)
    expect(secret.length).toBeGreaterThanOrEqual(32)
    expect(resolveSecrets(source)).toEqual([secret])
    expect(statSync(join(folder, 'focus.db.secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'focus.db.secret'), 'utf8')).toBe(secret)
  })

  test('another database, or a public address, needs one that is configured', () => {
    const mysql = { dialect: 'mysql', file: null }
    expect(() => resolveSecrets({ configured: undefined, database: mysql, publicUrl: null })).toThrow(
      /FOCUS_SECRET.*mysql/,
    )
    expect(() =>
      resolveSecrets({ configured: undefined, database: sqlite(), publicUrl: 'https://app.example' }),
    ).toThrow(/FOCUS_SECRET.*app\.example/)
    const configured = ['s'.repeat(32)]
    expect(resolveSecrets({ configured, database: mysql, publicUrl: 'https://app.example' })).toEqual(configured)
  })

  test('a damaged file is named, not replaced', () => {
    writeFileSync(join(folder, 'focus.db.secret'), 'x')
    expect(() => resolveSecrets({ configured: undefined, database: sqlite(), publicUrl: null })).toThrow(
      /focus\.db\.secret is damaged/,
    )
  })
})
