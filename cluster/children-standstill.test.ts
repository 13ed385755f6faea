import { describe, expect, it } from 'vitest';
import type { Want } from './children-state.ts';
import { placeOf } from './children-state.ts';
import { explainChild } from './children-view.ts';
import { joinSettleMs, standstillEndMs } from './limits.ts';
import { ownerOf } from './placement.ts';
import { TestCluster } from './testing/children-nodes.ts';

const names = ['core_0', 'core_1', 'core_2'];
const [sleeper, ...others] = names as [string, ...string[]];

function clusterOf(...of: readonly string[]): { cluster: TestCluster; ids: string[] } {
  const cluster = new TestCluster();
  for (const name of of) cluster.join(name);
  const ids: string[] = [];
  for (let n = 0; ids.length < 5; n++) {
    const id = `child ${n}`;
    const want: Want = {
      spec: { id, kind: 'counter', role: 'core', args: [] },
      version: 'v1',
      source: 'dynamic',
    };
    if (ownerOf(placeOf(want), of) !== sleeper) continue;
    ids.push(id);
    cluster.want(id, want);
  }
  cluster.converge();
  return { cluster, ids };
}

const runningOn = (cluster: TestCluster, name: string) => [...cluster.nodes.get(name)!.actors.keys()].sort();

/** The others call it down and take its children over; it has not noticed anything. */
function sleep(cluster: TestCluster): void {
  for (const other of others) {
    cluster.cut(sleeper, other);
    cluster.notice(other, sleeper);
  }
  for (let n = 0; n < 20; n++) {
    cluster.settle();
    cluster.advance(100);
  }
}

function report(cluster: TestCluster): void {
  while (cluster.due.length > 0) cluster.due.shift()!();
}

function meetAll(cluster: TestCluster): void {
  for (const other of others) cluster.link(sleeper, other);
}

describe('a node that stood still for longer than others wait', () => {
  it('ends its children in the very step in which it finds out', () => {
    const { cluster, ids } = clusterOf(...names);
    expect(runningOn(cluster, sleeper)).toEqual(ids.sort());
    sleep(cluster);
    expect([...cluster.running().values()].every((at) => at.length === 2)).toBe(true);
    cluster.standStill(sleeper);
    report(cluster);
    expect(runningOn(cluster, sleeper)).toEqual([]);
    expect([...cluster.running().values()].every((at) => at.length === 1)).toBe(true);
  });

  it('starts nothing before it has met the others, and then none twice', () => {
    const { cluster } = clusterOf(...names);
    sleep(cluster);
    cluster.standStill(sleeper);
    report(cluster);
    let most = 0;
    cluster.watch = () => {
      for (const at of cluster.running().values()) most = Math.max(most, at.length);
    };
    for (let ms = 0; ms < standstillEndMs - 1_000; ms += 100) cluster.advance(100);
    cluster.settle();
    expect(runningOn(cluster, sleeper)).toEqual([]);
    meetAll(cluster);
    cluster.converge();
    expect(most).toBe(1);
    expect(cluster.running()).toEqual(cluster.placed());
  });

  it('does not take an answer from before it stood still for a meeting', () => {
    const { cluster } = clusterOf(...names);
    const node = cluster.nodes.get(sleeper)!;
    cluster.standStill(sleeper);
    for (const peer of others)
      cluster.apply(node, { type: 'answer', peer, round: 1, held: [], elsewhere: [] });
    expect([...node.state.standstill!.unmet]).toEqual(others);
  });

  it('begins again when all that it knew are gone, after a quiet time', () => {
    const { cluster, ids } = clusterOf(...names);
    for (const other of others) cluster.kill(other);
    cluster.standStill(sleeper);
    report(cluster);
    cluster.advance(1_000);
    expect(runningOn(cluster, sleeper)).toEqual([]);
    for (const other of others) cluster.notice(sleeper, other);
    cluster.advance(joinSettleMs - 1);
    expect(runningOn(cluster, sleeper)).toEqual([]);
    cluster.advance(1);
    expect(runningOn(cluster, sleeper)).toEqual(ids.sort());
  });

  it('does not take a node for gone whose certificate ended meanwhile', () => {
    const { cluster } = clusterOf(...names);
    sleep(cluster);
    cluster.standStill(sleeper);
    for (const other of others) cluster.distrust(sleeper, other);
    report(cluster);
    let most = 0;
    cluster.watch = () => {
      for (const at of cluster.running().values()) most = Math.max(most, at.length);
    };
    for (let ms = 0; ms < standstillEndMs - 1_000; ms += 100) cluster.advance(100);
    cluster.settle();
    expect(runningOn(cluster, sleeper)).toEqual([]);
    meetAll(cluster);
    cluster.converge();
    expect(most).toBe(1);
    expect(cluster.running()).toEqual(cluster.placed());
  });

  it('begins again in the end, also when one can neither be met nor is known to be gone', () => {
    const { cluster, ids } = clusterOf(...names);
    for (const other of others) cluster.cut(sleeper, other);
    cluster.standStill(sleeper);
    report(cluster);
    cluster.advance(standstillEndMs - 1);
    expect(runningOn(cluster, sleeper)).toEqual([]);
    // As in earnest: whoever cannot be asked is not waited for.
    for (let n = 0; n < 20; n++) cluster.advance(100);
    expect(runningOn(cluster, sleeper)).toEqual(ids.sort());
  });

  it('goes on as it was when it is alone', () => {
    const { cluster, ids } = clusterOf(sleeper);
    cluster.standStill(sleeper);
    report(cluster);
    expect(runningOn(cluster, sleeper)).toEqual(ids.sort());
    expect(cluster.nodes.get(sleeper)!.starts).toBe(ids.length);
  });

  it('starts all again where they were when all nodes stood still together', () => {
    const { cluster } = clusterOf(...names);
    for (const name of names) cluster.standStill(name);
    report(cluster);
    expect([...cluster.running().values()].flat()).toEqual([]);
    cluster.converge();
    expect(cluster.running()).toEqual(cluster.placed());
  });

  it('says why a child of it does not run', () => {
    const { cluster, ids } = clusterOf(...names);
    cluster.standStill(sleeper);
    report(cluster);
    const { because, state } = explainChild(cluster.nodes.get(sleeper)!.state, ids[0]!, cluster.nowMs)!;
    expect(state).toBe('waiting');
    expect(because).toContain(
      'this node stood still for 8000 ms: it starts nothing before it has met core_1, core_2',
    );
    expect(because.at(-1)).toBe('this node stood still for 8000 ms: others have it, this one ended');
  });
});
