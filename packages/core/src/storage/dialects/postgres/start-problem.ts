import { certificateProblem, type StartProblem } from '../servers/start-problem.ts'
import { codeOf, messageOf } from '../storage-error.ts'

/** Explains an error of pg that the settings cause. Returns null for others, such as a server that is away. */
export function postgresStartProblem(error: unknown): StartProblem | null {
  const text = messageOf(error)
  const code = codeOf(error)
  if (/server does not support SSL/.test(text)) {
    return {
      message: 'DATABASE_URL asks for TLS, and the server has none',
      hint: 'Turn on TLS in the server, or remove sslmode from DATABASE_URL where the network is private.',
    }
  }
  if (code === '28000' && /no encryption/.test(text)) {
    return {
      message: 'the server accepts this user only over TLS (28000)',
      hint: 'Add ?sslmode=verify-full to DATABASE_URL.',
    }
  }
  return (
    problems[code] ?? certificateProblem(error, 'Name its authority: ?sslmode=verify-full&sslrootcert=/path/ca.pem.')
  )
}

const problems: Readonly<Record<string, StartProblem>> = {
  '28P01': {
    message: 'the server refuses the user or the password (28P01)',
    hint: 'Correct the user and the password in DATABASE_URL; write special characters of the password with %.',
  },
  '28000': {
    message: 'the server refuses the user (28000)',
    hint: 'Correct the user in DATABASE_URL, or allow it in pg_hba.conf of the server.',
  },
  '3D000': {
    message: 'the server has no database of this name (3D000)',
    hint: 'Create it with `createdb`, or correct the name at the end of DATABASE_URL.',
  },
  '25006': {
    message: 'the server is a read-only standby, or default_transaction_read_only is on (25006)',
    hint: 'Use the address of the primary server, or name all servers: postgres://user:password@one,two/name.',
  },
  '42501': {
    message: 'the user may not create tables (42501)',
    hint: 'Grant it: `grant create, usage on schema public to <user>`, or let its owner run `focus migrate`.',
  },
  '53300': {
    message: 'the server has no free connection (53300)',
    hint: 'Raise max_connections of the server, or lower connectionLimit in DATABASE_URL on each node.',
  },
}
