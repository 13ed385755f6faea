import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { manualClock, Recorder, readRecord, replay, takeRecord } from '../runtime/index.ts';
import { type ChildrenEvent, stepChildren } from './children.ts';
import type { ChildrenState } from './children-state.ts';
import { childrenForm } from './record-children.ts';
import { specsForm } from './record-specs.ts';
import { type SpecsEvent, stepSpecs } from './specs.ts';
import { createSpecs, type SpecsEffect, type SpecsState } from './specs-state.ts';
import { TestCluster } from './testing/children-nodes.ts';

// Many states, some in one line and most in pieces.
vi.mock('../runtime/limits.ts', async (original) => ({
  ...(await original<typeof import('../runtime/limits.ts')>()),
  recordSegmentBytes: 1_500,
  recordBurstBytes: 100_000_000,
  recordCheckpointBytesMax: 2_000,
  recordPieceRows: 3,
  recordBaseEveryMs: 0,
  recordBaseAgainMs: 0,
}));

const names = ['core_0', 'core_1', 'core_2'];
const secret = 'hunter2';
const recorderOf = (node: string) => new Recorder({ node, boot: 1, clock: manualClock() });

const action = fc.record({
  do: fc.constantFrom(
    'want',
    'deliver',
    'deliver',
    'report',
    'kill',
    'join',
    'drain',
    'advance',
    'crash',
    'cut',
    'link',
    'stand_still',
    'hear',
    'distrust',
  ),
  a: fc.constantFrom(...names),
  b: fc.constantFrom(...names),
  child: fc.nat({ max: 7 }).map((n) => `child ${n}`),
  ms: fc.constantFrom(1, 5, 300, 1_100),
  pick: fc.nat({ max: 1_000 }),
});

test('a replay makes the decisions about children again, whatever was cut, killed, crashed or left', () => {
  let checkpoints = 0;
  let stepped = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
      const recorders = new Map<string, Recorder>();
      const steps = new Map<ChildrenState, (event: ChildrenEvent) => ReturnType<typeof stepChildren>>();
      const cluster = new TestCluster();
      cluster.decide = ({ name, state }, event) => {
        if (!steps.has(state)) {
          const life = `${name}.${steps.size}`;
          const recorder = recorderOf(life);
          const recording = recorder.machine(childrenForm);
          recorders.set(life, recorder);
          steps.set(state, (one) => recording.step(state, one, stepChildren));
        }
        return steps.get(state)!(event).effects;
      };
      let versions = 0;
      for (const name of names) cluster.join(name);
      for (const { do: what, a, b, child, ms, pick } of actions) {
        const node = cluster.nodes.get(a);
        if (what === 'want') {
          versions += 1;
          const spec = { id: child, kind: 'counter', role: 'core', args: [secret] };
          cluster.want(
            child,
            cluster.wants.has(child) ? null : { spec, version: `v${versions}`, source: 'dynamic' },
          );
        } else if (what === 'deliver') cluster.deliverInOrder(pick);
        else if (what === 'report') cluster.due.shift()?.();
        else if (what === 'kill' && cluster.alive().length > 1) cluster.kill(a);
        else if (what === 'join' && node?.alive !== true) cluster.join(a, pick % 2 === 0 ? 0 : 50);
        else if (what === 'drain' && cluster.alive().length > 1) cluster.drain(a);
        else if (what === 'advance') cluster.advance(ms);
        else if (what === 'stand_still') cluster.standStill(a);
        else if (what === 'crash' && node !== undefined) cluster.end(node, child, `crash of ${secret}`);
        else if (what === 'cut') {
          cluster.cut(a, b);
          cluster.notice(a, b);
        } else if (what === 'link') cluster.link(a, b);
        else if (what === 'hear') cluster.hear(a, b);
        else if (what === 'distrust') cluster.distrust(a, b);
      }
      for (const recorder of recorders.values()) {
        const lines = takeRecord(recorder);
        expect(lines.join('\n')).not.toContain(secret);
        const { counts, mismatches } = replay(readRecord(lines), [childrenForm]);
        expect(mismatches).toEqual([]);
        expect(counts).toMatchObject({ notStepped: 0, leftOut: 0 });
        checkpoints += counts.checkpoints;
        stepped += counts.stepped;
      }
    }),
    { numRuns: 80 },
  );
  expect(stepped).toBeGreaterThan(2_000);
  expect(checkpoints).toBeGreaterThan(50);
});

const spoken = fc.record({
  do: fc.constantFrom(
    'put',
    'put',
    'remove',
    'flush',
    'tell',
    'tell',
    'tell',
    'lose',
    'link',
    'hash',
    'tick',
  ),
  at: fc.nat({ max: 2 }),
  child: fc.nat({ max: 9 }).map((n) => `child ${n}`),
  pick: fc.nat({ max: 1_000 }),
});

test('a replay makes the decisions about what is wanted again, whatever was lost or came late', () => {
  let checkpoints = 0;
  fc.assert(
    fc.property(fc.array(spoken, { minLength: 20, maxLength: 150, size: 'max' }), (actions) => {
      const sent: { to: number; event: SpecsEvent }[] = [];
      let nowMs = 1_700_000_000_000;
      const nodes = names.map((name, at) => {
        const state = createSpecs(name, at + 1);
        const recorder = recorderOf(name);
        const recording = recorder.machine(specsForm);
        const step = (event: SpecsEvent) => {
          for (const effect of recording.step(state, event, stepSpecs).effects) perform(at, effect);
        };
        return { name, state, recorder, step };
      });
      const perform = (from: number, effect: SpecsEffect) => {
        const peer = names[from]!;
        const to = 'peer' in effect ? [names.indexOf(effect.peer)] : [0, 1, 2].filter((at) => at !== from);
        for (const at of to) {
          if (effect.type === 'broadcast')
            sent.push({ to: at, event: { type: 'delta', peer, delta: effect.delta } });
          else if (effect.type === 'send_digest')
            sent.push({ to: at, event: { type: 'digest', peer, digest: effect.digest, nowMs } });
          else if (effect.type === 'send_exchange')
            sent.push({ to: at, event: { type: 'exchange', peer, exchange: effect.exchange, nowMs } });
        }
      };
      const hashOf = ({ hashHigh, hashLow }: SpecsState) => ({ high: hashHigh >>> 0, low: hashLow >>> 0 });
      for (const { do: what, at, child: id, pick } of actions) {
        nowMs += pick;
        const node = nodes[at]!;
        const peer = names[(at + 1) % 3]!;
        if (what === 'put')
          node.step({ type: 'put', spec: { id, kind: 'counter', role: 'core', args: [secret] }, nowMs });
        else if (what === 'remove') node.step({ type: 'remove', id });
        else if (what === 'flush') node.step({ type: 'flush' });
        else if (what === 'link') node.step({ type: pick % 4 === 0 ? 'link_down' : 'link_up', peer });
        else if (what === 'hash') node.step({ type: 'hash', peer, ...hashOf(nodes[(at + 1) % 3]!.state) });
        else if (what === 'lose') sent.splice(pick % Math.max(1, sent.length), 1);
        else if (what === 'tick')
          node.step({ type: 'tick', nowMs: nowMs + pick * 10_000_000, boots: new Map([[peer, 2]]) });
        else if (sent.length > 0) {
          const [one] = sent.splice(pick % sent.length, 1);
          nodes[one!.to]!.step(one!.event);
        }
      }
      for (const { recorder } of nodes) {
        const lines = takeRecord(recorder);
        expect(lines.join('\n')).not.toContain(secret);
        const { counts, mismatches } = replay(readRecord(lines), [specsForm]);
        expect(mismatches).toEqual([]);
        expect(counts.notStepped).toBe(0);
        checkpoints += counts.checkpoints;
      }
    }),
    { numRuns: 80 },
  );
  expect(checkpoints).toBeGreaterThan(50);
});
