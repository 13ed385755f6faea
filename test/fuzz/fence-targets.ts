/**
 * The tenant fence under changed input: frames of a customer's node, and the rows that its poller brings home. What comes
 * through is judged again here, by the words of the promise and not by the code that kept it.
 */
import { readNotRun, readResults } from '../../actors/arrivals.ts';
import { newBudget } from '../../cluster/admission/fence-budget.ts';
import { noRefusals } from '../../cluster/fence-count.ts';
import { LinkFence } from '../../cluster/fence-link.ts';
import { mayTakeNames } from '../../cluster/fence-payload.ts';
import { encodeFrame, type Frame, isRouted } from '../../cluster/frame.ts';
import { createFrameReader } from '../../cluster/frame-reader.ts';
import { actorCodec, ClusterError } from '../../cluster/index.ts';
import { fencedNamesMax } from '../../cluster/limits.ts';
import { deltaPayload, readDelta } from '../../cluster/registry-wire.ts';
import { type Random, Ref } from '../../runtime/index.ts';
import { mutated } from './mutate.ts';

const tenant = 'abcdefghijkl';
const near = { node: 'core_1', boot: 5, isTenants: false };
const far = { node: `${tenant}.p`, boot: 7, isTenants: true };
const door = 42;
const holds = ['poller'];

/** Frames of a tenant's node: what comes through is to its door, of its own shard, and holds no ref that it may not know. */
export function fence(): { name: string; run(random: Random): void } {
  const codec = actorCodec();
  const own = new Ref(far.node, far.boot, 3);
  const routed = (kind: 'cast' | 'exit' | 'monitor', toId: number, value: unknown): Frame => ({
    ...{ kind, flags: 0, toBoot: near.boot, toId, fromId: 3, callId: 0, timeoutMs: 0 },
    payload: codec.encode(value),
  });
  const delta = (kind: string): Frame => {
    const row = ['default', kind, 'x', own, { status: 'available' }, 1, 1, false] as const;
    const header = { boot: far.boot, origin: far.node, tenant };
    const told = { ...header, from: 0, to: 1, whole: 0, puts: [row], removals: [] };
    return { kind: 'registry_delta', flags: 0, header, payload: codec.encode(deltaPayload(told)) };
  };
  const frames: Frame[] = [
    routed('cast', door, ['results', [[{ from: own, to: new Ref(near.node, near.boot, door) }]]]),
    routed('cast', 43, ['results', [new Ref('core_2', 1, 1)]]),
    routed('exit', door, ['kill', null, false, 7]),
    routed('monitor', door, [1]),
    delta('poller'),
    delta('scheduler'),
  ];
  const corpus = frames.map((frame) => Buffer.concat([...encodeFrame(frame)]));
  const needs = {
    near,
    labelOf: () => null,
    isDoorOf: (id: number, of: string) => id === door && of === tenant,
    mayCall: () => false,
    log: () => {},
    monotonicMs: () => 0,
    busyMs: () => 0,
  };
  return {
    name: 'fence',
    run(random) {
      const reader = createFrameReader();
      reader.push(mutated(random, corpus));
      const link = new LinkFence(needs, tenant, far, { refusals: noRefusals(), budget: newBudget() });
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        if (link.arrives(frame) === null) requireInside(frame, link);
      }
    },
  };
}

function requireInside(frame: Frame, link: LinkFence): void {
  const isAnswer = frame.kind === 'reply' || frame.kind === 'reply_error';
  if (isRouted(frame) && !isAnswer && (frame.toId !== door || frame.toBoot !== near.boot))
    throw new Error(`${frame.kind} to ${frame.toBoot}.${frame.toId}`);
  let value: unknown;
  try {
    value = link.codec!.decode(frame.payload);
  } catch (error) {
    const code = error instanceof ClusterError ? error.code : '';
    if (code === 'cannot_decode' || code === 'fenced') return;
    throw error;
  }
  requireOwnRefs(value);
  if (frame.kind !== 'registry_delta') return;
  const { origin, boot, tenant: of } = frame.header;
  if (origin !== far.node || boot !== far.boot || of !== tenant) throw new Error(`the shard ${origin}/${of}`);
  const delta = readDelta(origin, boot, of, value);
  if (delta === null || !mayTakeNames(delta, holds, 0)) return;
  if (delta.puts.length > fencedNamesMax || delta.puts.some(([, kind]) => kind !== 'poller'))
    throw new Error('names that it may not hold');
}

function requireOwnRefs(value: unknown): void {
  if (value instanceof Ref) {
    const isOwn = value.node === far.node ? value.boot === far.boot : value.node.startsWith(`${tenant}.`);
    const isDoor = value.node === near.node && value.boot === near.boot && value.id === door;
    if (!isOwn && !isDoor) throw new Error(`the ref ${value}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) requireOwnRefs(one);
  }
}

/** Rows that a tenant's own poller brings home: each that is taken can be stored as it is. */
export function rows(): { name: string; run(random: Random): void } {
  const codec = actorCodec();
  const row = { checkId: 'c', dueAtMs: 1e12, startedAtMs: 1e12, latencyMs: 1.5, status: 'success' };
  const whole = { ...row, reason: null, agent: 'a', poller: 'p' };
  const item = { checkId: 'c', dueAtMs: 1e12, reason: 'no_agent', as: 'gap' };
  const corpus = [[whole], [whole, { ...whole, status: 'timeout', reason: 'slow' }], [item]].map((value) =>
    Buffer.from(codec.encode(value)),
  );
  return {
    name: 'rows',
    run(random) {
      let value: unknown;
      try {
        value = codec.decode(mutated(random, corpus));
      } catch (error) {
        if (error instanceof ClusterError) return;
        throw error;
      }
      for (const one of [...readResults(value), ...readNotRun(value)]) {
        // As the store writes it.
        if (Number.isNaN(new Date(one.dueAtMs).getTime())) throw new Error(`due at ${one.dueAtMs}`);
        if (JSON.stringify(one).includes('\\u0000')) throw new Error('a text with a NUL');
      }
    },
  };
}
