/** A network that really splits, by packets dropped between network namespaces: both ways, and one way only. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isExact, isWhole, nodeNames, SplitCluster, said, splitsMissing } from '../soak/split-cluster.ts';
import type { Sight } from '../soak/split-node.ts';
import { pause } from './picket.ts';

const program = fileURLToPath(new URL('../../dist/test/soak/split-node.js', import.meta.url));
const storyMs = 120_000;
const seenMs = 30_000;
const oneWayMs = 8_000;
const callsEndMs = 10_000;

const own = (name: string) => Array.from({ length: 30 }, (_, n) => `of ${name} ${n}`);
const contested = Array.from({ length: 20 }, (_, n) => `contested ${n}`);
const sides = (here: readonly string[], there: readonly string[]) => ({ here, there });

let cluster: SplitCluster;
const title = `a network${splitsMissing === null ? '' : ` (skipped: ${splitsMissing})`}`;

describe.skipIf(splitsMissing !== null)(title, () => {
  beforeEach(async () => {
    cluster = await SplitCluster.open(program);
    for (const name of nodeNames) await cluster.ask(name, { type: 'take', ids: own(name) }, 'done');
    const ids = nodeNames.flatMap(own);
    await cluster.sightsUntil('all names', seenMs, (sights) => isExact(sights, ids), { names: true });
    for (const name of nodeNames) await cluster.ask(name, { type: 'load', ids, perSecond: 200 }, 'done');
  });
  afterEach(async () => {
    await cluster?.close();
  });

  /** Nothing is called any more, and nothing waits. */
  async function callsEnd(): Promise<readonly Sight[]> {
    for (const name of nodeNames) await cluster.ask(name, { type: 'load', ids: [], perSecond: 0 }, 'done');
    return await cluster.sightsUntil('the end of all calls', callsEndMs, (sights) => {
      const open = sights.find(({ calls }) => calls.pending > 0);
      return open === undefined ? null : `${open.calls.pending}, the oldest of ${open.calls.oldestMs} ms`;
    });
  }

  test('that splits two to one is told once with both sides, and heals with every name once', {
    timeout: storyMs,
  }, async () => {
    const cutMs = Date.now();
    cluster.isolate('core_3');
    const apart = await cluster.sightsUntil(
      'both sides to tell of it',
      seenMs,
      (sights) => (sights.every(({ split }) => split !== null) ? null : 'a node sees no split'),
      { names: true },
    );
    const [first, second, third] = apart.map(({ split }) => split && sides(split.here, split.there));
    expect(first).toEqual(sides(['core_1', 'core_2'], ['core_3']));
    expect(second).toEqual(first);
    expect(third).toEqual(sides(['core_3'], ['core_1', 'core_2']));
    // Without a database each side has its own first core, and says that no lease stands behind it.
    expect(apart.map(({ coordinator }) => [coordinator.node, coordinator.by, coordinator.epoch])).toEqual(
      ['core_1', 'core_1', 'core_3'].map((node) => [node, 'lowest_core', null]),
    );
    // Whoever is cut off was seen last when the cut came, those of one's own side a heartbeat ago.
    for (const [at, { split, seenMs: seenLast, atMs }] of apart.entries()) {
      for (const name of split!.there) expect(Math.abs(seenLast[name]! - cutMs)).toBeLessThan(3_000);
      for (const name of split!.here) expect(atMs - seenLast[name]!, `${at} of ${name}`).toBeLessThan(3_000);
      expect(split!.sinceMs).toBeGreaterThan(cutMs);
    }
    // What is on the other side is hidden.
    const seen = apart.map(({ names }) => [...new Set(names.map(([, node]) => node))].sort());
    expect(seen).toEqual([['core_1', 'core_2'], ['core_1', 'core_2'], ['core_3']]);
    for (const name of ['core_2', 'core_3'])
      await cluster.ask(name, { type: 'take', ids: contested }, 'done');

    cluster.mend();
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    const ids = [...nodeNames.flatMap(own), ...contested];
    const healed = await cluster.sightsUntil('each name once', seenMs, (sights) => isExact(sights, ids), {
      names: true,
    });
    // One of the two lost each, and was told why.
    const ended = healed.flatMap((sight) => sight.ended);
    expect(ended.map(([id]) => id).sort()).toEqual([...contested].sort());
    expect([...new Set(ended.map(([, reason]) => reason))]).toEqual(['name_conflict']);

    const calm = await cluster.sightsUntil('the end of it to be told', seenMs, (sights) =>
      sights.every(({ split }) => split === null) ? null : 'a node still tells of a split',
    );
    for (const sight of calm) {
      expect(said(sight, 'the network is split')).toHaveLength(1);
      const [over, ...more] = said(sight, 'the split is over');
      expect(more).toEqual([]);
      expect(over!.fields.lost).toEqual([]);
      expect(over!.fields.back).toEqual(sight === calm[2] ? ['core_1', 'core_2'] : ['core_3']);
    }
    for (const { calls } of await callsEnd()) {
      expect(calls.answered).toBeGreaterThan(0);
      expect(calls.failed.wrong_actor).toBe(undefined);
      expect(calls.made).toBe(calls.answered + Object.values(calls.failed).reduce((sum, n) => sum + n, 0));
    }
  });

  test('that loses packets one way calls nobody down whom a third node hears, and heals', {
    timeout: storyMs,
  }, async () => {
    cluster.drop('core_1', 'core_3');
    await pause(oneWayMs);
    const during = await cluster.sightsUntil('what each sees', seenMs, () => null, { names: true });
    for (const sight of during) {
      expect(Object.values(sight.members)).not.toContain('down');
      expect(sight.split).toBe(null);
      expect(sight.names).toHaveLength(nodeNames.flatMap(own).length);
    }
    expect([during[2]!.members.core_1, during[1]!.members.core_1]).toEqual(['suspect', 'up']);
    cluster.mend();
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    const ids = nodeNames.flatMap(own);
    const healed = await cluster.sightsUntil('each name once', seenMs, (sights) => isExact(sights, ids), {
      names: true,
    });
    for (const sight of healed) expect(said(sight, 'the network is split')).toEqual([]);
    await callsEnd();
  });

  test('in which a third node is the bridge between two that do not hear each other calls nobody down', {
    timeout: storyMs,
  }, async () => {
    cluster.part(['core_1'], ['core_3']);
    await pause(oneWayMs);
    await cluster.ask('core_1', { type: 'take', ids: ['taken meanwhile'] }, 'done');
    const ids = [...nodeNames.flatMap(own), 'taken meanwhile'];
    // What the one takes the other learns from the bridge.
    const during = await cluster.sightsUntil(
      'all names on all nodes',
      seenMs,
      (sights) => isExact(sights, ids),
      { names: true },
    );
    for (const sight of during) {
      expect(Object.values(sight.members)).not.toContain('down');
      expect(sight.split).toBe(null);
    }
    expect([during[0]!.members.core_3, during[2]!.members.core_1]).toEqual(['suspect', 'suspect']);
    expect(Object.values(during[1]!.members)).toEqual(['up', 'up', 'up']);
    cluster.mend();
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    await cluster.sightsUntil('each name once', seenMs, (sights) => isExact(sights, ids), { names: true });
    await callsEnd();
  });
});
