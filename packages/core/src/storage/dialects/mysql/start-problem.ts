import { certificateProblem, type StartProblem } from '../servers/start-problem.ts'
import { codeOf } from '../storage-error.ts'

/** Explains an error of mysql2 that the settings cause. Returns null for others, such as a server that is away. */
export function mysqlStartProblem(error: unknown): StartProblem | null {
  const code = codeOf(error)
  const certificate = certificateProblem(error, 'Name its authority in the `ssl` parameter of DATABASE_URL.')
  if (certificate !== null) return certificate
  const problem = problems[code]
  return problem ? { ...problem, message: `${problem.message} (${code})` } : null
}

const readOnly: StartProblem = {
  message: 'the server is read-only, such as a replica',
  hint: 'Use the address of the primary server in DATABASE_URL.',
}

const password: StartProblem = {
  message: 'the server refuses the user or the password',
  hint: 'Correct the user and the password in DATABASE_URL; write special characters of the password with %.',
}

const problems: Readonly<Record<string, StartProblem>> = {
  ER_ACCESS_DENIED_ERROR: password,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: password,
  ER_DBACCESS_DENIED_ERROR: {
    message: 'the user may not use this database',
    hint: 'Grant it: `grant all on <name>.* to <user>`, or correct the name at the end of DATABASE_URL.',
  },
  ER_BAD_DB_ERROR: {
    message: 'the server has no database of this name',
    hint: 'Create it with `create database`, or correct the name at the end of DATABASE_URL.',
  },
  ER_TABLEACCESS_DENIED_ERROR: {
    message: 'the user may not create tables',
    hint: 'Grant it: `grant all on <name>.* to <user>`, or let its owner run `focus migrate`.',
  },
  HANDSHAKE_NO_SSL_SUPPORT: {
    message: 'DATABASE_URL asks for TLS, and the server has none',
    hint: 'Turn on TLS in the server, or remove ssl from DATABASE_URL where the network is private.',
  },
  ER_SECURE_TRANSPORT_REQUIRED: {
    message: 'the server accepts only connections over TLS',
    hint: 'Add ?ssl={"rejectUnauthorized":true} to DATABASE_URL.',
  },
  ER_OPTION_PREVENTS_STATEMENT: readOnly,
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: readOnly,
  ER_READ_ONLY_MODE: readOnly,
}
