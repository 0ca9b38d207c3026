import { z } from 'zod'
import type { Form } from '../schema/option-forms.ts'
import * as forms from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'
import { isKysely } from '../storage/dialects/any-kysely.ts'
import type { AnyKysely } from '../storage/dialects/any-kysely.ts'

/** `openDatabase` knows which schemes there are. */
const database: Form<string | AnyKysely> = {
  accepts:
    'an address such as sqlite:focus.db, mysql://user:password@host/name or postgres://user:password@host/name, or a Kysely instance',
  schema: z.union([z.string().regex(/^[a-z][a-z\d+.-]*:/i), z.custom<AnyKysely>(isKysely)]),
  secret: true,
}

export const storageOptions = optionTable({
  database: {
    path: 'database',
    env: ['DATABASE_URL'],
    form: database,
    default: 'sqlite:focus.db',
    about:
      '`sqlite:<file>`, `mysql://user:password@host:3306/name` (MariaDB too) or `postgres://user:password@host:5432/name`; in code also a Kysely instance',
  },
  secrets: {
    path: 'secret',
    env: ['FOCUS_SECRET'],
    form: forms.secrets,
    default: null,
    defaultText: 'with SQLite, created at the first start and stored beside the file',
    about:
      'encrypts stored secrets; at least 32 characters. `new,old` rotates. Required with any other database, and with a public URL that is not on this machine',
  },
})
