import { type Browser, chromium } from 'playwright-core'
import { requireBinary } from '../servers/binaries.ts'

/** A headless Chromium: the one of `FOCUS_TEST_CHROMIUM`, otherwise the system's. Close it when done. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['FOCUS_TEST_CHROMIUM'] ?? requireBinary('chromium'),
    headless: true,
    // Chromium's sandbox refuses to run as root, and in most containers.
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      // Containers give /dev/shm too little for a page.
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A page of a test reaches this machine and nothing else.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]',
    ],
  })
}
