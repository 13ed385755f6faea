import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { manualClock, Recorder, Ref, readRecord, replay, takeRecord } from '../runtime/index.ts';
import { ownerAmong } from './directory.ts';
import { ownerOf } from './placement.ts';
import { registryForm } from './record-registry.ts';
import { type RegistryEvent, stepRegistry } from './registry.ts';
import type { RegistryPut } from './registry-local.ts';
import { createRegistry } from './registry-state.ts';
import { act, action, Replicas } from './testing/replicas.ts';

// Short histories that need whole shards, and many checkpoints within them.
vi.mock('./limits.ts', async (original) => ({
  ...(await original<typeof import('./limits.ts')>()),
  deltaEntriesMax: 3,
  removalsKeptMax: 2,
  headsPerMessageMax: 3,
  recordRegistryBurstBytes: 100_000_000,
}));
vi.mock('../runtime/limits.ts', async (original) => ({
  ...(await original<typeof import('../runtime/limits.ts')>()),
  recordSegmentBytes: 4_000,
  recordBurstBytes: 100_000_000,
  // Some states in one line, most in pieces, and a new one in every segment.
  recordCheckpointBytesMax: 1_500,
  recordPieceRows: 3,
  recordBaseEveryMs: 0,
  recordBaseAgainMs: 0,
}));

/** Shrinking takes longer than reading: a failure tells its seed and path, which may be put here. */
test.each([
  ['seeds of now', { numRuns: 60, endOnFailure: true }],
  // What was taken and given up again before it was told left its group behind in one of the two states.
  ['a kept seed', { seed: -1458823482, path: '32', numRuns: 1, endOnFailure: true }],
])(
  'a replay makes the decisions of every replica again, whatever was lost, repeated or restarted: %s',
  (_, params) => {
    let checkpoints = 0;
    let stepped = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 30, maxLength: 200, size: 'max' }), (actions) => {
        const clock = manualClock();
        const recorders = new Map<string, Recorder>();
        const lives = new Map<
          string,
          (state: ReturnType<typeof createRegistry>, event: RegistryEvent) => ReturnType<typeof stepRegistry>
        >();
        const cluster = new Replicas((name, state, event) => {
          const life = `${name}.${state.self.boot}`;
          if (!lives.has(life)) {
            const { boot } = state.self;
            const recorder = new Recorder({ node: name, boot, clock });
            const recording = recorder.machine(registryForm(ownerOfText, { node: name, boot }));
            recorders.set(life, recorder);
            lives.set(life, (one, told) => recording.step(one, told, stepRegistry));
          }
          return lives.get(life)!(state, event).effects;
        });
        for (const one of actions) act(cluster, one);
        cluster.heal();
        cluster.check();
        for (const recorder of recorders.values()) {
          const told = replay(readRecord(takeRecord(recorder)), [registryForm(ownerOfText)]);
          expect(told.mismatches).toEqual([]);
          expect(told.counts).toMatchObject({ notStepped: 0, leftOut: 0 });
          checkpoints += told.counts.checkpoints;
          stepped += told.counts.stepped;
        }
      }),
      params,
    );
    expect(stepped).toBeGreaterThan(80 * params.numRuns);
    expect(checkpoints).toBeGreaterThan(8 * params.numRuns);
  },
);

/** As the replicas settle. */
function ownerOfText(text: string, nodes: readonly string[]): string {
  return ownerOf(text, nodes)!;
}

describe('the record of a registry', () => {
  const self = { node: 'core_1', boot: 7 };
  const key = (id: string) => ({ tenant: 'acme', partition: 'default', kind: 'check', id });
  const put = (id: string, actor: number): RegistryPut => ({
    key: key(id),
    ref: new Ref('core_1', 7, actor),
    metadata: { token: 'hunter2' },
    supervised: true,
  });

  function recorded() {
    const recorder = new Recorder({ ...self, clock: manualClock() });
    const recording = recorder.machine(registryForm(ownerAmong, self));
    const state = createRegistry({ ...self, ownerAmong });
    const step = (event: RegistryEvent) => recording.step(state, event, stepRegistry).effects;
    const told = (explain?: string) =>
      replay(
        readRecord(takeRecord(recorder)),
        [registryForm(ownerAmong)],
        explain === undefined ? {} : { explain },
      );
    return { recorder, step, told };
  }

  const delta = (origin: string, id: string, from: number, supervised = true): RegistryEvent => ({
    type: 'delta',
    peer: origin,
    delta: {
      origin,
      boot: 3,
      tenant: 'acme',
      from,
      to: from + 1,
      whole: 0,
      puts: [['default', 'check', id, new Ref(origin, 3, 9), { token: 'hunter2' }, from + 1, 1, supervised]],
      removals: [],
    },
  });

  test('tells why a name moved, and why it was lost', () => {
    const { step, told } = recorded();
    step({ type: 'node_up', node: 'core_2', boot: 3 });
    step({ type: 'put', put: put('a', 12), nowMs: 5 });
    step({ type: 'remove', key: key('a'), ref: new Ref('core_1', 7, 12) });
    step(delta('core_2', 'a', 0));
    step({ type: 'node_down', node: 'core_2', boot: 3, nowMs: 9 });
    expect(told('acme/default/check/a').reasons.map(({ text }) => text)).toEqual([
      'is held by core_1 (actor 12); it was taken on this node',
      'is lost: nobody holds it, core_1 (actor 12) did; its actor on this node ended',
      "is held by core_2 (actor 9); core_2 told of core_2's names",
      'is lost: nobody holds it, core_2 (actor 9) did; core_2 is down: its names are hidden',
    ]);
    expect(told('acme/default/check/b').reasons).toEqual([]);
    expect(told('acme').reasons).toEqual([]);
  });

  test('tells who kept a name that was held twice', () => {
    const { step, told } = recorded();
    step({ type: 'node_up', node: 'core_2', boot: 3 });
    for (let at = 0; at < 20; at += 1) {
      step({ type: 'put', put: put(`n${at}`, at), nowMs: 5 });
      step(delta('core_2', `n${at}`, at));
    }
    const all = Array.from({ length: 20 }, (_, at) => told(`acme/default/check/n${at}`).reasons.at(-1)!.text);
    // Of a tenant all names have one owner: whoever it is, all of them went the same way.
    expect(new Set(all.map((text) => text.replace(/\d+/g, '#'))).size).toBe(1);
    expect(told().mismatches).toEqual([]);
  });

  test('has no metadata in it, in events, states or names that others told of', () => {
    const { recorder, step, told } = recorded();
    step({ type: 'node_up', node: 'core_2', boot: 3 });
    step({ type: 'put', put: put('a', 1), nowMs: 5 });
    step({ type: 'put_many', puts: [put('b', 2)], nowMs: 5 });
    step({ type: 'update', key: key('a'), metadata: { token: 'hunter2' } });
    step({ type: 'watch', watcher: 1, filter: { tenant: 'acme', token: 'hunter2' } as never });
    step(delta('core_2', 'c', 0));
    step({ type: 'flush' });
    step({ type: 'put', put: put('c', 3), nowMs: 5 });
    expect(takeRecord(recorder).join('\n')).not.toContain('hunter2');
    expect(told().mismatches).toEqual([]);
    expect(told().counts.notStepped).toBe(0);
  });

  test('leaves out what changes nothing, and nothing else', () => {
    const { recorder, step } = recorded();
    step({ type: 'link_up', peer: 'core_2', tenant: null });
    const { counts } = replay(readRecord(takeRecord(recorder)), [registryForm(ownerAmong)]);
    expect(counts.stepped).toBe(1);
    const heads = (low: number) => step({ type: 'heads_hash', peer: 'core_2', high: 0, low });
    for (let at = 0; at < 5; at += 1) heads(0);
    step({ type: 'flush' });
    heads(1);
    heads(0);
    heads(0);
    // The differing one, and the one that is equal again.
    expect(replay(readRecord(takeRecord(recorder)), [registryForm(ownerAmong)]).counts.stepped).toBe(3);
  });
});
