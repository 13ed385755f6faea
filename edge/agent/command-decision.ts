/**
 * What an agent does with a command of its gateway: runs a check now, sweeps a slice, lists a source, asks for its config, or says why not. Pure. A command
 * that came before is not done twice, and one whose time is over is not begun.
 */
import type { AgentCheckConfig, CommandRequest } from '../../proto/index.ts';
import {
  commandPayloadBytesMax,
  commandsKnownMax,
  commandsRunningMax,
  commandTimeoutMs,
  sourcesAtOnceMax,
  sweepsAtOnceMax,
} from './limits.ts';
import { type PlannedCheck, plannedCheck } from './planned-check.ts';
import { readSourceOrder, type SourceOrder } from './source-order.ts';
import { readSweepOrder, type SweepOrder } from './sweep-order.ts';

/** What an agent of ours can be told to do: it says so among its capabilities. */
export const commandTypes = [
  'check.run',
  'config.refresh',
  'sweep.run',
  'sweep.stop',
  'source.run',
  'source.stop',
] as const;
/** Said beside them by those that sweep. */
export const sweepCapability = 'sweep';
/** And by those that list sources which are placed at them. */
export const sourceCapability = 'source';

export type CommandRefusalCode =
  /** The time in which the command was to be done is over. */
  | 'command_expired'
  /** This program knows no command of this type. */
  | 'unsupported_command'
  /** What stands in the command is not what its type needs. */
  | 'bad_payload'
  /** The config of this agent has no such check. */
  | 'no_such_check'
  /** The agent has too many commands under way. */
  | 'agent_busy'
  /** A run of a source was begun here, and nothing is known of it: this program was started anew since. */
  | 'run_lost';

export type CommandDecision =
  | { readonly type: 'run'; readonly check: PlannedCheck }
  | { readonly type: 'refresh' }
  | { readonly type: 'sweep'; readonly order: SweepOrder }
  | { readonly type: 'stop_sweep'; readonly run: string; readonly slice: number }
  | { readonly type: 'list_source'; readonly order: SourceOrder }
  | { readonly type: 'stop_source'; readonly run: string }
  | { readonly type: 'refuse'; readonly code: CommandRefusalCode; readonly detail: string }
  /** It is under way or done: nothing is said a second time. */
  | { readonly type: 'known' };

export interface CommandSight {
  readonly nowMs: number;
  readonly running: number;
  /** Slices under way. */
  readonly sweeping: number;
  isSwept(order: SweepOrder): boolean;
  /** How many sources are being listed beside this one, of which a new run takes the place of an earlier one. */
  listingBeside(source: string): number;
  /** Under way, or over a moment ago. */
  isListed(run: string): boolean;
  readonly known: ReadonlySet<string>;
  check(id: string): PlannedCheck | null;
}

export function decideCommand(command: CommandRequest, sight: CommandSight): CommandDecision {
  const { commandId, commandType, createdAt, ttlSeconds, payloadJson } = command;
  if (sight.known.has(commandId)) return { type: 'known' };
  if (ttlSeconds > 0 && sight.nowMs >= (createdAt + ttlSeconds) * 1_000)
    return refuse('command_expired', 'the time of this command is over');
  if (commandType === 'config.refresh') return { type: 'refresh' };
  if (commandType === 'sweep.run') return decideSweep(payloadJson, sight);
  if (commandType === 'sweep.stop') return decideStop(payloadJson);
  if (commandType === 'source.run') return decideSource(payloadJson, sight);
  if (commandType === 'source.stop') return decideSourceStop(payloadJson);
  if (commandType !== 'check.run')
    return refuse('unsupported_command', `this agent does ${commandTypes.join(', ')}`);
  if (sight.running >= commandsRunningMax) return refuse('agent_busy', 'too many commands are under way');
  return decideRun(payloadJson, sight);
}

/** Of those that came, the newest are known. */
export function remember(known: ReadonlySet<string>, commandId: string): Set<string> {
  const next = new Set(known).add(commandId);
  while (next.size > commandsKnownMax) next.delete(next.values().next().value as string);
  return next;
}

/** Either `check_id` of the config, or a check of its own: `kind`, `target`, `port`, `timeout_ms`, `settings`. */
function decideRun(payload: Uint8Array, { check }: CommandSight): CommandDecision {
  const said = payload.length > commandPayloadBytesMax ? null : readObject(payload);
  if (said === null) return refuse('bad_payload', 'the payload is no JSON object of a check');
  const { check_id: id, kind, target, port, timeout_ms: timeoutMs, settings } = said;
  if (kind === undefined && typeof id === 'string') {
    const planned = check(id);
    return planned === null
      ? refuse('no_such_check', 'the config of this agent has no such check')
      : { type: 'run', check: planned };
  }
  const texts = typeof settings === 'object' && settings !== null ? Object.entries(settings) : [];
  const isRead =
    typeof kind === 'string' &&
    typeof target === 'string' &&
    (port === undefined || port === null || typeof port === 'number') &&
    (timeoutMs === undefined || typeof timeoutMs === 'number') &&
    texts.every(([, value]) => typeof value === 'string');
  if (!isRead) return refuse('bad_payload', 'check_id, or kind and target of a check, must be there');
  const withinMs = timeoutMs ?? commandTimeoutMs;
  const config: AgentCheckConfig = {
    ...{ checkId: typeof id === 'string' ? id : 'command', checkType: kind, name: '', enabled: true },
    ...{ intervalSec: 1, timeoutSec: Math.ceil(withinMs / 1_000), target, port: port ?? 0 },
    ...{ path: '', method: '', settings: Object.fromEntries(texts) as Record<string, string> },
  };
  const planned = plannedCheck(config);
  if (typeof planned === 'string') return refuse('bad_payload', planned);
  return { type: 'run', check: { ...planned, timeoutMs: withinMs } };
}

function decideSweep(payload: Uint8Array, { sweeping, isSwept }: CommandSight): CommandDecision {
  const said = payload.length > commandPayloadBytesMax ? null : readObject(payload);
  if (said === null) return refuse('bad_payload', 'the payload is no JSON object of a slice');
  const order = readSweepOrder(said);
  if (typeof order === 'string') return refuse('bad_payload', order);
  if (sweeping >= sweepsAtOnceMax && !isSwept(order))
    return refuse('agent_busy', `${sweeping} slices are under way`);
  return { type: 'sweep', order };
}

function decideStop(payload: Uint8Array): CommandDecision {
  const { run, slice } = (payload.length > commandPayloadBytesMax ? null : readObject(payload)) ?? {};
  if (typeof run === 'string' && typeof slice === 'number') return { type: 'stop_sweep', run, slice };
  return refuse('bad_payload', 'run and slice must be there');
}

function decideSource(payload: Uint8Array, { listingBeside, isListed }: CommandSight): CommandDecision {
  const said = payload.length > commandPayloadBytesMax ? null : readObject(payload);
  if (said === null) return refuse('bad_payload', 'the payload is no JSON object of a run');
  const order = readSourceOrder(said);
  if (typeof order === 'string') return refuse('bad_payload', order);
  if (isListed(order.run)) return { type: 'list_source', order };
  if (order.resume)
    return refuse('run_lost', 'nothing is known of this run: it was begun before this program');
  const beside = listingBeside(order.source);
  if (beside >= sourcesAtOnceMax) return refuse('agent_busy', `${beside} sources are being listed`);
  return { type: 'list_source', order };
}

function decideSourceStop(payload: Uint8Array): CommandDecision {
  const { run } = (payload.length > commandPayloadBytesMax ? null : readObject(payload)) ?? {};
  return typeof run === 'string' ? { type: 'stop_source', run } : refuse('bad_payload', 'run must be there');
}

function readObject(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function refuse(code: CommandRefusalCode, detail: string): CommandDecision {
  return { type: 'refuse', code, detail };
}
