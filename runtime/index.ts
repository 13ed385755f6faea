/** The runtime's door: actors in one process. */
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
  type Self,
  type WhenFull,
} from './definition.ts';
export { assert, messageOf, RuntimeError, type RuntimeErrorCode } from './errors.ts';
export { type ActorInspection, inspectActor } from './inspection.ts';
export { type TreeNode, treeOf } from './introspection.ts';
export { type ExitReason, type Info, isCleanExit, type ReplyTarget } from './message.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export { isRef, Ref, sameRef } from './ref.ts';
export type { Router, Signal } from './router.ts';
export type { Restart, Strategy } from './supervision.ts';
export { type ChildInfo, type SupervisorProtocol, supervisor } from './supervisor.ts';
export { ActorSystem, type Log, type SystemCounts, type SystemOptions } from './system.ts';
export { Timer, TimerWheel } from './timer-wheel.ts';
export { type BlockedReport, startWatchdog, type WatchdogOptions } from './watchdog.ts';
