export {
  type ConformanceCheck,
  type ConformanceSubject,
  type OddPeerBehaviour,
  type PeerBehaviour,
  transportConformance,
} from './transports/conformance.ts'
export { manualClock, type ManualClock } from './testing/manual-clock.ts'
export { type LogLine, recordingLogger, type RecordingLogger } from './testing/recording-logger.ts'
export { recordingTransport, type RecordingTransport } from './testing/recording-transport.ts'
