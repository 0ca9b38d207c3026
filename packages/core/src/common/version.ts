// The build puts the content into the bundle.
// oxlint-disable-next-line house/rooms
import manifest from '../../package.json' with { type: 'json' }

/** The version of this package. */
export const focusVersion: string = manifest.version
