/**
 * What the flight recorder keeps of the registry, and how a replay steps it. Between `registry.ts` and the recorder.
 * Metadata decides nothing and is never kept; keys, refs and sequences do, and are.
 */
import type { ReplayForm, Witness } from '../runtime/index.ts';
import { recordRegistryBurstBytes, recordRowsMax } from './limits.ts';
import { formatKey, parseKey, type RegistryKey } from './names.ts';
import {
  type KeptRegistry,
  plainRef,
  restoreRegistry,
  snapshotRegistry,
  weightOf,
} from './record-registry-state.ts';
import { lookup, type RegistryEvent, stepRegistry } from './registry.ts';
import { isHashAsBefore } from './registry-exchange.ts';
import { keyOf, plainFilter } from './registry-index.ts';
import type { RegistryPut } from './registry-local.ts';
import type { Entry } from './registry-shard.ts';
import type { RegistryEffect, RegistrySettings, RegistryState } from './registry-state.ts';
import type { PutRow, RegistryDelta } from './registry-wire.ts';

interface Self {
  readonly node: string;
  readonly boot: number;
}

type RegistryForm = ReplayForm<RegistryState, RegistryEvent, RegistryEffect>;

/**
 * `ownerAmong`: as in `RegistrySettings`; code, so no part of a record. `self`: whose registry is recorded; its own refs
 * are kept as their ids. A replay needs none.
 */
export function registryForm(
  ownerAmong: RegistrySettings['ownerAmong'],
  self: Self = { node: '', boot: 0 },
): RegistryForm {
  return {
    kind: 'registry',
    version: 2,
    burstBytes: recordRegistryBurstBytes,
    weightBytes: weightOf,
    snapshot: snapshotRegistry,
    restore: (snapshot) => restoreRegistry(snapshot as KeptRegistry, ownerAmong),
    isHuge: (event) => event.type === 'put_many' && event.puts.length > recordRowsMax,
    event: (event) => plainEvent(event, self),
    effect: digestOf,
    changesNothing,
    step: stepRegistry,
    tell: (effect) => told(effect),
    witness: (subject) => {
      const key = parseKey(subject);
      return key === null ? null : witnessOf(key);
    },
  };
}

function plainEvent(event: RegistryEvent, self: Self): unknown {
  switch (event.type) {
    case 'put':
      return { ...event, put: plainPut(event.put, self) };
    case 'put_many':
      return { ...event, puts: event.puts.map((put) => plainPut(put, self)) };
    case 'update':
      return { type: event.type, key: event.key };
    case 'remove':
      return event.ref === undefined ? event : { ...event, ref: plainRef(event.ref, self.node, self.boot) };
    case 'watch':
      return { ...event, filter: plainFilter(event.filter) };
    case 'delta':
      return { ...event, delta: plainDelta(event.delta) };
    default:
      return event;
  }
}

function plainPut({ key, ref, supervised }: RegistryPut, self: Self): Omit<RegistryPut, 'metadata'> {
  return { key, ref: plainRef(ref, self.node, self.boot), supervised };
}

function plainDelta(delta: RegistryDelta): RegistryDelta {
  const { origin, boot } = delta;
  const puts = delta.puts.map((row): PutRow => {
    const [partition, kind, id, ref, , sequence, clock, supervised] = row;
    return [partition, kind, id, plainRef(ref, origin, boot), null, sequence, clock, supervised];
  });
  return { ...delta, puts };
}

/** What a busy cluster would say at every heartbeat and flush. */
function changesNothing(state: RegistryState, event: RegistryEvent): boolean {
  if (event.type === 'flush') return state.pending.size === 0;
  if (event.type !== 'heads_hash') return false;
  return isHashAsBefore(state, event.peer, event.high, event.low);
}

/** Deltas and heads as their bounds, counts and sums. */
function digestOf(effect: RegistryEffect): unknown {
  switch (effect.type) {
    case 'broadcast':
      return [effect.type, digestOfDelta(effect.delta)];
    case 'send_delta':
      return [effect.type, effect.peer, digestOfDelta(effect.delta)];
    case 'send_heads': {
      const { origins, heads, reply } = effect.message;
      return [effect.type, effect.peer, origins, heads.length, sum(heads, (row) => row[3]), reply];
    }
    case 'refused':
      return [effect.type, formatKey(effect.key), effect.code, effect.holder && holderOf(effect.holder)];
    case 'name_conflict':
      return [effect.type, keyText(effect.lost), holderOf(effect.winner)];
    case 'watch_start':
      return [effect.type, effect.watcher, effect.entries.length, sum(effect.entries, (one) => one.sequence)];
    case 'watch':
      return [effect.type, effect.watcher, effect.change, keyText(effect.entry), effect.entry.sequence];
    default:
      return effect;
  }
}

function digestOfDelta({ origin, boot, tenant, from, to, whole, puts, removals }: RegistryDelta): unknown {
  const sums = [sum(puts, (row) => row[5]), sum(puts, (row) => row[6]), sum(removals, (row) => row[3])];
  return [origin, boot, tenant, from, to, whole, puts.length, removals.length, ...sums];
}

/** Of 32 bits: rows are compared by what would hardly come out alike by chance. */
function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  let total = 0;
  for (const row of rows) total = (Math.imul(total, 31) + value(row)) | 0;
  return total;
}

function told(effect: RegistryEffect): string {
  switch (effect.type) {
    case 'broadcast':
      return `tells all of ${deltaText(effect.delta)}`;
    case 'send_delta':
      return `tells ${effect.peer} of ${deltaText(effect.delta)}`;
    case 'send_fetch':
      return `asks ${effect.peer} for ${effect.origin}'s names of ${effect.tenant} since ${effect.since}`;
    case 'send_origins':
      return `tells ${effect.peer} its hashes of ${effect.rows.length} nodes`;
    case 'send_heads':
      return `tells ${effect.peer} ${effect.message.heads.length} heads of ${effect.message.origins.join(', ')}`;
    case 'refused':
      return `refuses ${formatKey(effect.key)}: ${effect.code}${effect.holder ? `, held by ${holderOf(effect.holder)}` : ''}`;
    case 'name_conflict':
      return `gives up ${keyText(effect.lost)}: it is held twice, and ${holderOf(effect.winner)} keeps it`;
    case 'watch_start':
      return `watcher ${effect.watcher} sees ${effect.entries.length} names`;
    case 'watch_refused':
      return `refuses watcher ${effect.watcher}: ${effect.code}`;
    case 'watch':
      return `watcher ${effect.watcher}: ${keyText(effect.entry)} ${effect.change}, of ${holderOf(effect.entry)}`;
    case 'own_shard_contested':
      return `${effect.peer} holds names of this node from boot ${effect.boot}`;
  }
}

function deltaText({ origin, tenant, from, to, puts, removals }: RegistryDelta): string {
  return `${origin}'s names of ${tenant}, ${from} to ${to}: ${puts.length} taken or changed, ${removals.length} given up`;
}

function keyText(entry: Entry): string {
  return formatKey(keyOf(entry));
}

function holderOf(entry: Entry): string {
  return entry.shard.origin.name;
}

/** Who holds one name, and what changed that. */
function witnessOf(key: RegistryKey): Witness<RegistryState, RegistryEvent, RegistryEffect> {
  let held: string | null = null;
  let begun = false;
  return (state, event, effects) => {
    const before = held;
    const entry = lookup(state, key);
    held = entry === null ? null : `${holderOf(entry)} (actor ${actorOf(entry)})`;
    const reasons: string[] = [];
    if (event === null) return reasons;
    if (!begun) {
      begun = true;
      if (before !== null) reasons.push(`is held by ${before} when the record begins`);
    }
    for (const effect of effects) {
      const lost = effect.type === 'name_conflict' && keyText(effect.lost) === formatKey(key);
      const refused = effect.type === 'refused' && formatKey(effect.key) === formatKey(key);
      if (lost || refused) reasons.push(told(effect));
    }
    if (before !== held) {
      const change =
        held === null
          ? `is lost: nobody holds it, ${before} did`
          : before === null
            ? `is held by ${held}`
            : `moved from ${before} to ${held}`;
      reasons.push(`${change}; ${because(event)}`);
    }
    return reasons;
  };
}

function actorOf({ ref, shard }: Entry): string {
  const { name, boot } = shard.origin;
  const id = String(plainRef(ref, name, boot));
  return id.startsWith(`${name}.${boot}.`) ? id.slice(`${name}.${boot}.`.length) : id;
}

function because(event: RegistryEvent): string {
  switch (event.type) {
    case 'put':
    case 'put_many':
      return 'it was taken on this node';
    case 'update':
      return 'it was changed on this node';
    case 'remove':
      return event.ref === undefined ? 'it was given up on this node' : 'its actor on this node ended';
    case 'delta':
      return `${event.peer} told of ${event.delta.origin}'s names`;
    case 'node_down':
      return `${event.node} is down: its names are hidden`;
    case 'node_left':
      return `${event.node} left: its names are dropped`;
    case 'node_up':
      return `${event.node} is up with boot ${event.boot}`;
    case 'heads':
      return `${event.peer} knows a later boot`;
    default:
      return event.type;
  }
}
