/**
 * What the flight recorder keeps of the map of child specs, and how a replay steps it. Between `specs.ts` and the
 * recorder. Kept are ids, kinds, tenants and the writes that specs come from; their arguments are not, and decide nothing.
 */
import { type ReplayForm, Rows, type Witness } from '../runtime/index.ts';
import type { ChildSpec } from './child-spec.ts';
import { recordRowsMax } from './limits.ts';
import { hashIds } from './record-child.ts';
import { formatDot, restoreContext, type SeenRow, seenRows } from './spec-context.ts';
import { type SpecsEvent, stepSpecs } from './specs.ts';
import {
  createSpecs,
  hold,
  type SpecEntry,
  type SpecsEffect,
  type SpecsLink,
  type SpecsState,
} from './specs-state.ts';
import type { SpecRemoval } from './specs-wire.ts';

type KeptEntry = readonly [
  ...spec: [id: string, kind: string, role: string, tenant: string | null],
  clock: number,
  node: string,
  stamp: number,
  count: number,
];

/** As it was read; what is written has `Rows` in the place of long lists. */
interface KeptSpecs {
  node: string;
  fields: Pick<SpecsState, 'stamp' | 'written' | 'clock' | 'forgotAtMs' | 'exchanges'>;
  horizonMs: number;
  writers: readonly SeenRow[];
  entries: readonly KeptEntry[];
  links: readonly [string, Omit<SpecsLink, 'told'>][];
  /** By peer, of exchanges under way. */
  told: readonly (readonly [peer: string, entry: KeptEntry])[];
  /** Of those that are held: the others are passed over when they are told. */
  puts: readonly (readonly [id: string, dot: string])[];
  removals: readonly SpecRemoval[];
}

export const specsForm: ReplayForm<SpecsState, SpecsEvent, SpecsEffect> = {
  kind: 'specs',
  version: 1,
  weightBytes: ({ entries, context, links, pending }) =>
    300 +
    entries.size * 110 +
    context.writers.size * 60 +
    links.size * 100 +
    (pending.puts.length + pending.removals.length) * 60,
  snapshot,
  restore,
  isHuge: (event) => rowsIn(event) > recordRowsMax,
  event: plainEvent,
  effect: digestOf,
  changesNothing,
  step: (state, event) => stepSpecs(state, restoreEvent(event)),
  tell: (effect) => told(effect),
  witness: (subject) => witnessOf(subject),
};

function snapshot(state: SpecsState): Record<keyof KeptSpecs, unknown> {
  const { node, stamp, written, clock, forgotAtMs, exchanges, context, pending } = state;
  const held = pending.puts.filter((entry) => state.entries.get(entry.spec.id)?.includes(entry));
  const links = [...state.links];
  return {
    node,
    fields: { stamp, written, clock, forgotAtMs, exchanges },
    horizonMs: context.horizonMs,
    writers: new Rows(seenRows(context), (row) => row),
    entries: new Rows(
      [...state.entries.values()].flatMap((siblings) => [...siblings]),
      plainEntry,
    ),
    links: links.map(([peer, { number, expected, differed }]) => [peer, { number, expected, differed }]),
    told: new Rows(
      links.flatMap(([peer, { told: entries }]) => entries.map((entry) => [peer, entry] as const)),
      ([peer, entry]) => [peer, plainEntry(entry)],
    ),
    puts: new Rows(held, (entry) => [entry.spec.id, formatDot(entry)]),
    removals: new Rows([...pending.removals], (row) => row),
  };
}

function restore(plain: unknown): SpecsState {
  const kept = plain as KeptSpecs;
  const state = createSpecs(kept.node, kept.fields.stamp);
  Object.assign(state, kept.fields);
  restoreContext(state.context, kept.writers, kept.horizonMs);
  for (const row of kept.entries) hold(state, restoreEntry(row));
  for (const [peer, link] of kept.links) state.links.set(peer, { ...link, told: [] });
  for (const [peer, row] of kept.told) state.links.get(peer)!.told.push(restoreEntry(row));
  for (const [id, dot] of kept.puts) {
    state.pending.puts.push(state.entries.get(id)!.find((entry) => formatDot(entry) === dot)!);
  }
  state.pending.removals.push(...kept.removals);
  return state;
}

function plainEntry({ spec, clock, node, stamp, count }: SpecEntry): KeptEntry {
  const { id, kind, role, tenant = null } = spec;
  return [id, kind, role, tenant, clock, node, stamp, count];
}

function restoreEntry([id, kind, role, tenant, clock, node, stamp, count]: KeptEntry): SpecEntry {
  return {
    spec: { id, kind, role, args: [], ...(tenant !== null && { tenant }) },
    clock,
    node,
    stamp,
    count,
  };
}

function plainSpec({ args: _, ...spec }: ChildSpec): ChildSpec {
  return { ...spec, args: [] };
}

function rowsIn(event: SpecsEvent): number {
  if (event.type === 'delta') return event.delta.puts.length + event.delta.removals.length;
  return event.type === 'exchange' ? event.exchange.entries.length : 0;
}

function plainEvent(event: SpecsEvent): unknown {
  switch (event.type) {
    case 'put':
      return { ...event, spec: plainSpec(event.spec) };
    case 'delta':
      return { ...event, delta: { ...event.delta, puts: event.delta.puts.map(plainEntry) } };
    case 'exchange':
      return { ...event, exchange: { ...event.exchange, entries: event.exchange.entries.map(plainEntry) } };
    case 'tick':
      return { ...event, boots: [...event.boots] };
    default:
      return event;
  }
}

/** As it was kept, but for what stands there in a shorter form. */
function restoreEvent(event: SpecsEvent): SpecsEvent {
  const entriesOf = (rows: unknown) => (rows as KeptEntry[]).map(restoreEntry);
  switch (event.type) {
    case 'delta':
      return { ...event, delta: { ...event.delta, puts: entriesOf(event.delta.puts) } };
    case 'exchange':
      return { ...event, exchange: { ...event.exchange, entries: entriesOf(event.exchange.entries) } };
    case 'tick':
      return { ...event, boots: new Map(event.boots as unknown as [string, number][]) };
    default:
      return event;
  }
}

/** What linked nodes tell each other every second. */
function changesNothing(state: SpecsState, event: SpecsEvent): boolean {
  if (event.type === 'flush') return state.pending.puts.length + state.pending.removals.length === 0;
  if (event.type !== 'hash') return false;
  const link = state.links.get(event.peer);
  if (link === undefined) return true;
  return link.differed === 0 && event.high === state.hashHigh >>> 0 && event.low === state.hashLow >>> 0;
}

function digestOf(effect: SpecsEffect): unknown {
  switch (effect.type) {
    case 'broadcast':
      return [
        effect.type,
        hashIds(effect.delta.puts.map(formatDot)),
        hashIds(effect.delta.removals.map(formatDot)),
      ];
    case 'send_digest':
      return [effect.type, effect.peer, hashIds(effect.digest.hashes.map(String)), effect.digest.reply];
    case 'send_exchange': {
      const { number, part, last, entries } = effect.exchange;
      return [effect.type, effect.peer, number, part, last, hashIds(entries.map(formatDot))];
    }
    case 'changed':
      return [effect.type, hashIds(effect.ids)];
    default:
      return effect;
  }
}

function told(effect: SpecsEffect): string | null {
  switch (effect.type) {
    case 'broadcast': {
      const { puts, removals } = effect.delta;
      return `tells all of ${puts.length} children that are wanted and ${removals.length} that are not`;
    }
    // Every second.
    case 'broadcast_hash':
      return null;
    case 'send_digest':
      return `compares with ${effect.peer} which children are wanted`;
    case 'send_exchange':
      return `tells ${effect.peer} ${effect.exchange.entries.length} children that are wanted`;
    case 'changed':
      return `${effect.ids.length} children are wanted otherwise than before`;
    case 'refused':
      return `refuses ${effect.id}: ${effect.code}`;
  }
}

/** Whether one child is wanted, by whose word. */
function witnessOf(subject: string): Witness<SpecsState, SpecsEvent, SpecsEffect> {
  let before: string | null = null;
  return (state, event) => {
    const entry = state.entries.get(subject)?.[0];
    const now = entry === undefined ? null : formatDot(entry);
    const was = before;
    before = now;
    if (event === null || was === now) return [];
    const by = 'peer' in event ? `${event.peer} told of it` : 'asked for on this node';
    if (entry === undefined) return [`is wanted no more: ${by}`];
    return [`is wanted as ${entry.spec.kind} on a ${entry.spec.role}, asked for on ${entry.node}: ${by}`];
  };
}
