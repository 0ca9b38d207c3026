import { readFileSync, writeFileSync } from 'node:fs'
import { asyncApi } from './async-api.ts'
import { withOptionTables } from './environment-tables.ts'
import { errorDocument } from './error-table.ts'
import { openApi } from './open-api/document.ts'
import { protocolDocument } from './protocol-document.ts'

const here = (name: string) => new URL(`../${name}`, import.meta.url)

writeFileSync(here('PROTOCOL.md'), protocolDocument())
writeFileSync(here('asyncapi.json'), asyncApi())
writeFileSync(here('openapi.json'), openApi())
writeFileSync(here('../../docs/errors.md'), errorDocument())

const settings = here('../../docs/environment.md')
writeFileSync(settings, withOptionTables(readFileSync(settings, 'utf8')))
