import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resolveFocusSecrets } from './focus-secrets.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'focus-secret-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const sqlite = () => ({ dialect: 'sqlite', file: join(folder, 'focus.db') })

describe('S32 secrets', () => {
  test('a random secret is stored beside the SQLite file, readable by its owner only, and read at the next start', () => {
    const source = { configured: undefined, database: sqlite(), publicUrl: null }
    const [secret = ''] = resolveFocusSecrets(source)
    expect(secret.length).toBeGreaterThanOrEqual(32)
    expect(resolveFocusSecrets(source)).toEqual([secret])
    expect(statSync(join(folder, 'focus.db.secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'focus.db.secret'), 'utf8')).toBe(secret)
  })

  test('another database or a public URL requires a configured secret', () => {
    const mysql = { dialect: 'mysql', file: null }
    expect(() => resolveFocusSecrets({ configured: undefined, database: mysql, publicUrl: null })).toThrow(
      /FOCUS_SECRET.*mysql/,
    )
    expect(() =>
      resolveFocusSecrets({ configured: undefined, database: sqlite(), publicUrl: 'https://app.example' }),
    ).toThrow(/FOCUS_SECRET.*app\.example/)
    const configured = ['s'.repeat(32)]
    expect(resolveFocusSecrets({ configured, database: mysql, publicUrl: 'https://app.example' })).toEqual(configured)
  })

  test('a damaged file is reported, not replaced', () => {
    writeFileSync(join(folder, 'focus.db.secret'), 'x')
    expect(() => resolveFocusSecrets({ configured: undefined, database: sqlite(), publicUrl: null })).toThrow(
      /focus\.db\.secret is damaged/,
    )
  })
})
