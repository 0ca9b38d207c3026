import { join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const workspace = resolve(import.meta.dirname, '../../..')
const file = join(import.meta.dirname, 'editor-hints-program.ts')

// A developer's program; a comment with a name marks the word that the editor is asked about.
const program = `
import { createFocus, defineNotifications, type FocusOptions } from '@focus-api/core'
import { z } from 'zod'

const /*focus*/focus = await createFocus()
focus./*auth*/auth
focus./*notifications*/notifications
focus./*realtime*/realtime
focus./*preferences*/preferences
focus./*deliveries*/deliveries
focus.notifications./*notifyUser*/notifyUser({ userId: 1, title: 't', message: 'm' })
focus.notifications./*notify*/notify('limitWarning', { userId: 1, appName: 'Instagram', percentage: 80 })

declare const options: FocusOptions
const /*configured*/configured = await createFocus(options)

const /*catalogue*/catalogue = defineNotifications({
  invoicePaid: { params: z.object({ amount: z.number() }), title: { en: 'Paid' }, message: { en: '{amount}' } },
})
const /*own*/own = await createFocus({ catalogue })
`

const hints = new Map(Object.entries(readHints()))

/** Asks the language service of TypeScript, as an editor does. */
function readHints(): Record<string, string> {
  const { config } = ts.readConfigFile(join(workspace, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, workspace)
  const textOf = (path: string) => (path === file ? program : ts.sys.readFile(path))
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot(path) {
      const text = textOf(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => workspace,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: textOf,
    directoryExists: (path) => ts.sys.directoryExists(path),
    realpath: (path) => ts.sys.realpath?.(path) ?? path,
  })
  const mistakes = service.getSemanticDiagnostics(file)
  if (mistakes[0]) throw new Error(ts.flattenDiagnosticMessageText(mistakes[0].messageText, '\n'))
  const marks = [...program.matchAll(/\/\*(\w+)\*\//g)]
  return Object.fromEntries(
    marks.map(({ 0: mark, 1: name, index }) => {
      const info = service.getQuickInfoAtPosition(file, index + mark.length)
      return [name, ts.displayPartsToString(info?.displayParts)]
    }),
  )
}

test.each([
  ['focus', 'const focus: Focus<BuiltInCatalogue>'],
  ['configured', 'const configured: Focus<BuiltInCatalogue>'],
  ['auth', '(property) Focus<BuiltInCatalogue>.auth: Auth'],
  ['notifications', '(property) Focus<BuiltInCatalogue>.notifications: NotificationService<BuiltInCatalogue>'],
  ['realtime', '(property) Focus<BuiltInCatalogue>.realtime: Realtime'],
  ['preferences', '(property) Focus<BuiltInCatalogue>.preferences: PreferenceService'],
  ['deliveries', '(property) Focus<BuiltInCatalogue>.deliveries: Deliveries'],
  [
    'notifyUser',
    '(method) NotificationService<BuiltInCatalogue>.notifyUser(notification: NotificationInput, options?: NotifyOptions): Promise<Receipt>',
  ],
  [
    'notify',
    '(method) NotificationService<BuiltInCatalogue>.notify<"limitWarning">(name: "limitWarning", params: LimitWarning & ToUser, options?: NotifyNamedOptions): Promise<Receipt>',
  ],
])('hovering %s shows one short line', (name, hint) => {
  expect(hints.get(name)).toBe(hint)
})

test('hovering a catalogue of one’s own shows its params, and no schema library', () => {
  const schema = 'ParamsSchema<{ amount: number; }, { amount: number; }>'
  const catalogue = `Catalogue<{ readonly invoicePaid: ${schema}; }>`
  const onOneLine = (name: string) => hints.get(name)?.replace(/\s+/g, ' ')
  expect(onOneLine('catalogue')).toBe(`const catalogue: ${catalogue}`)
  expect(onOneLine('own')).toBe(`const own: Focus<WithBuiltIn<${catalogue}>>`)
})
