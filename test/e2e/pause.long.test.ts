/** A process that is stopped for a while and goes on: what the others make of it, and it of them. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isExact, isWhole, nodeNames, SplitCluster, said, splitsMissing } from '../soak/split-cluster.ts';
import type { Sight } from '../soak/split-node.ts';
import { pause } from './picket.ts';

const program = fileURLToPath(new URL('../../dist/test/soak/split-node.js', import.meta.url));
const storyMs = 120_000;
const seenMs = 30_000;
/** Longer than a split takes to be told. */
const watchedMs = 4_000;
const shortMs = 4_000;
const longMs = 12_000;
const others = ['core_1', 'core_2'];
const ids = nodeNames.flatMap((name) => Array.from({ length: 30 }, (_, n) => `of ${name} ${n}`));

let cluster: SplitCluster;
const title = `a process${splitsMissing === null ? '' : ` (skipped: ${splitsMissing})`}`;

describe.skipIf(splitsMissing !== null)(title, () => {
  beforeEach(async () => {
    cluster = await SplitCluster.open(program);
    for (const name of nodeNames) {
      const taken = ids.filter((id) => id.includes(name));
      await cluster.ask(name, { type: 'take', ids: taken }, 'done');
    }
    await allNames();
  });
  afterEach(async () => {
    cluster?.signal('core_3', 'SIGCONT');
    await cluster?.close();
  });

  const allNames = () =>
    cluster.sightsUntil('all names', seenMs, (sights) => isExact(sights, ids), { names: true });
  const downs = (sight: Sight) => sight.log.filter(({ message }) => / is down$/.test(message));

  test('that does not run for 4 s is called down by nobody and calls nobody down', {
    timeout: storyMs,
  }, async () => {
    cluster.signal('core_3', 'SIGSTOP');
    await pause(shortMs);
    cluster.signal('core_3', 'SIGCONT');
    await pause(watchedMs);
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    const sights = await allNames();
    for (const sight of sights) {
      expect(downs(sight)).toEqual([]);
      expect(said(sight, 'the network is split')).toEqual([]);
    }
    expect(said(sights[2]!, 'this process did not run')).toHaveLength(1);
  });

  test('that does not run for longer is called down, is no split, and is back with its names when it goes on', {
    timeout: storyMs,
  }, async () => {
    const stoppedMs = performance.now();
    cluster.signal('core_3', 'SIGSTOP');
    const seen = await cluster.sightsUntil(
      'it to be called down',
      seenMs,
      (sights) =>
        sights.every(({ members }) => members.core_3 === 'down')
          ? null
          : sights.map(({ members }) => members.core_3).join(),
      { names: true, of: others },
    );
    for (const { names } of seen) expect(names.filter(([, node]) => node === 'core_3')).toEqual([]);
    await pause(Math.max(0, longMs - (performance.now() - stoppedMs)));
    for (const name of others) expect((await cluster.look(name)).split).toBe(null);
    cluster.signal('core_3', 'SIGCONT');
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    await pause(watchedMs);
    for (const sight of await allNames()) {
      expect(said(sight, 'the network is split')).toEqual([]);
      expect(sight.ended).toEqual([]);
    }
  });
});
