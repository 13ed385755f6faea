/** A network that really splits under nodes that write for tenants under leases of one real PostgreSQL, which all reach. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isWhole, SplitCluster, splitsMissing } from '../soak/split-cluster.ts';
import { judgeRows, type SplitDatabase, splitDatabase } from '../soak/split-database.ts';
import type { Sight } from '../soak/split-node.ts';

const program = fileURLToPath(new URL('../../dist/test/soak/split-node.js', import.meta.url));
const storyMs = 120_000;
const seenMs = 30_000;
const title = `writers under leases${splitsMissing === null ? '' : ` (skipped: ${splitsMissing})`}`;

test('rows of two epochs that are mixed, and one epoch of two writers, are found', () => {
  const row = (epoch: number, poller: string) => ({ tenant_id: 't', reason: `epoch ${epoch}`, poller });
  expect(judgeRows([row(1, 'a'), row(1, 'a'), row(2, 'b')])).toEqual({
    rows: 3,
    tenants: 1,
    epochs: 2,
    faults: [],
  });
  expect(judgeRows([row(1, 'a'), row(2, 'b'), row(1, 'a')]).faults).toEqual(['t: a wrote under 1 after 2']);
  expect(judgeRows([row(1, 'a'), row(1, 'b')]).faults).toEqual(['t 1: written by a and b']);
});

describe.skipIf(splitsMissing !== null)(title, () => {
  let database: SplitDatabase;
  let cluster: SplitCluster;
  beforeEach(async () => {
    database = await splitDatabase(12);
    cluster = await SplitCluster.open(program, { holder: database.order });
  }, storyMs);
  afterEach(async () => {
    await cluster?.close();
    await database?.close();
  });

  const held = (sights: readonly Sight[]) => sights.reduce((sum, { writes }) => sum + (writes?.held ?? 0), 0);
  const allHeld = (sights: readonly Sight[]) =>
    held(sights) === 12 ? null : `${held(sights)} tenants are held`;

  test('never mix two epochs, also when the side that is cut off writes on and does not ask', {
    timeout: storyMs,
  }, async () => {
    await cluster.sightsUntil('each tenant to have a holder', seenMs, allHeld);
    const [, , before] = await cluster.sightsUntil('rows', seenMs, (sights) =>
      sights.every(({ writes }) => writes!.accepted > 0) ? null : 'a node has written nothing',
    );
    expect(before!.writes!.held).toBeGreaterThan(0);
    await cluster.ask('core_3', { type: 'stubborn', on: true }, 'done');
    cluster.isolate('core_3');
    // Its session ends, the others call it down and take its leases; what it still writes is refused.
    const [, , apart] = await cluster.sightsUntil('all that it had to be taken', seenMs, (sights) =>
      sights[2]!.writes!.held === 0 ? null : `core_3 still believes to hold ${sights[2]!.writes!.held}`,
    );
    expect(apart!.writes!.fenced).toBe(before!.writes!.held);
    cluster.mend();
    await cluster.ask('core_3', { type: 'stubborn', on: false }, 'done');
    await cluster.sightsUntil('all to be up', seenMs, isWhole);
    await cluster.sightsUntil('its tenants to be back', seenMs, (sights) =>
      sights[2]!.writes!.held === before!.writes!.held ? allHeld(sights) : 'not yet',
    );
    const found = await database.judge();
    expect(found.faults).toEqual([]);
    expect(found.tenants).toBe(12);
    expect(found.epochs).toBeGreaterThan(12 + before!.writes!.held);
  });
});
