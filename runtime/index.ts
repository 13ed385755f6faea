/** The runtime's door: actors in one process. */

export {
  type Activity,
  type ActivityLook,
  type ActivityMarks,
  type ActivityOrder,
  lookAtActivity,
  noMarks,
} from './activity.ts';
export { type ChildSpec, childOf, type StartChild, type SupervisorOptions } from './child-spec.ts';
export { type Clock, type ManualClock, manualClock, systemClock } from './clock.ts';
export {
  type CallMethods,
  type CastMethods,
  type Definition,
  defineActor,
  type LaterReply,
  type LogLevel,
  type Protocol,
  type RefWithoutProtocol,
  type Self,
  type WhenFull,
} from './definition.ts';
export {
  assert,
  messageOf,
  RecordError,
  type RecordErrorCode,
  RuntimeError,
  type RuntimeErrorCode,
} from './errors.ts';
export {
  type ActorInspection,
  inspectActor,
  isSeen,
  refTextFor,
  stateOf,
} from './inspection.ts';
export {
  type ActorRow,
  actorRows,
  allActors,
  nestRows,
  type Sight,
  type TreeLine,
  type TreeNode,
  treeLines,
  treeOf,
} from './introspection.ts';
export { LogRing } from './log-ring.ts';
export { type ExitReason, type Info, isCleanExit, type ReplyTarget } from './message.ts';
export { paced, pacedResult, type Step } from './paced.ts';
export { type PrintOptions, printed } from './print.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { Recorder, type RecorderOptions } from './recorder.ts';
export { hashText, type RecordForm, type ReplayForm, type Witness } from './recorder-form.ts';
export { type HeadLine, type RecordLine, recordVersion } from './recorder-line.ts';
export {
  headLine,
  linesOf,
  PartSum,
  type RecordHead,
  readRecord,
  segmentLines,
  takeRecord,
} from './recorder-lines.ts';
export type { Recording } from './recorder-machine.ts';
export { Rows, snapshotText } from './recorder-pieces.ts';
export { replay } from './recorder-replay.ts';
export type { SegmentInfo } from './recorder-segment.ts';
export { plainReason, supervisionForm } from './recorder-supervision.ts';
export type {
  AnyReplayForm,
  Decision,
  Mismatch,
  Reason,
  ReplayOptions,
  ReplayTold,
} from './recorder-told.ts';
export { isSecretName } from './redaction.ts';
export { isRef, Ref, sameRef } from './ref.ts';
export type { Router, Signal } from './router.ts';
export { type RefText, sketch } from './sketch.ts';
export { type StderrLogOptions, stderrLog } from './stderr-log.ts';
export type { Restart, Strategy } from './supervision.ts';
export { type ChildInfo, type SupervisorProtocol, supervisor } from './supervisor.ts';
export { ActorSystem, type Log, type SystemOptions } from './system.ts';
export type { SystemCounts } from './system-counts.ts';
export { Timer, TimerWheel } from './timer-wheel.ts';
export { ActorTrace, type TraceEvent, type TraceOptions } from './trace.ts';
export {
  FollowedReply,
  followed,
  type Span,
  type SpanFacts,
  type SpanKind,
  type Tracing,
} from './tracing.ts';
export { type BlockedReport, startWatchdog, type WatchdogOptions } from './watchdog.ts';
export { type SystemEvent, Watchers } from './watching.ts';
