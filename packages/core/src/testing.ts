export type {
  ConformanceCheck,
  ConformanceSubject,
  OddPeerBehaviour,
  PeerBehaviour,
} from './transports/conformance/subject.ts'
export { transportConformance } from './transports/conformance/transport-conformance.ts'
export { manualClock, type ManualClock } from './testing/manual-clock.ts'
export { type LogLine, recordingLogger, type RecordingLogger } from './testing/recording-logger.ts'
export { recordingTransport, type RecordingTransport } from './testing/recording-transport.ts'
