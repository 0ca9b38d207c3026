import { type Browser, chromium } from 'playwright-core'
import { requireBinary } from '../servers/binaries.ts'

/** Launches a headless Chromium: the one of `FOCUS_TEST_CHROMIUM`, otherwise the system's. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['FOCUS_TEST_CHROMIUM'] ?? requireBinary('chromium'),
    headless: true,
    // Chromium's sandbox refuses to run as root, and in most containers.
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      // /dev/shm of a container is too small for a page.
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages of tests connect to this machine only.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]',
    ],
  })
}
