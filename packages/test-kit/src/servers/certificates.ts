import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { requireBinary } from './binaries.ts'

/** Files of an authority and of a server certificate that it signed, for `localhost` and 127.0.0.1. */
export interface Certificates {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout'

/** Creates an authority and a certificate for servers of this machine in `folder`, whose path has no spaces. */
export function createCertificates(folder: string): Certificates {
  const [authorityKey, authority] = [join(folder, 'authority.key'), join(folder, 'authority.pem')]
  const [key, request, certificate] = [
    join(folder, 'server.key'),
    join(folder, 'server.csr'),
    join(folder, 'server.pem'),
  ]
  openssl(`req -x509 ${newKey} ${authorityKey} -out ${authority} -days 2 -subj /CN=authority`)
  openssl(`req ${newKey} ${key} -out ${request} -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`)
  const signed = `-CA ${authority} -CAkey ${authorityKey} -CAcreateserial -days 2 -copy_extensions copy`
  openssl(`x509 -req -in ${request} ${signed} -out ${certificate}`)
  return { authority, certificate, key }
}

function openssl(command: string): void {
  const { status, stderr } = spawnSync(requireBinary('openssl'), command.split(' '), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${command} ended with ${status}:\n${stderr}`)
}
