import { describe, expect, it } from 'vitest';
import type { Cluster, NameEntry } from '../cluster/index.ts';
import { Ref } from '../runtime/index.ts';
import { Roster } from './roster.ts';

const metadata = { status: 'available', partitions: ['default'] };

function entry(node: string, boot: number, given: NameEntry['metadata'] = metadata): NameEntry {
  const key = { tenant: 'platform', partition: 'default', kind: 'poller', id: node };
  return { key, ref: new Ref(node, boot, 1), node, metadata: given };
}

function stage() {
  const watched = new Map<number, string>();
  let entries: NameEntry[] = [];
  let monitors = 0;
  const gone: string[] = [];
  const roster = new Roster('poller', ['platform']);
  const keeper = {
    monitor(ref: Ref) {
      monitors += 1;
      watched.set(monitors, ref.toString());
      return monitors;
    },
    demonitor: (monitor: number) => void watched.delete(monitor),
  };
  const cluster = { names: { list: () => entries } } as unknown as Cluster;
  const show = (...now: NameEntry[]) => {
    entries = now;
    roster.refresh(keeper, cluster, (name) => gone.push(name));
  };
  return { roster, keeper, cluster, show, gone, watched };
}

describe('a roster', () => {
  it('lists the nodes of those whose they may be, and none that goes by the name of another', () => {
    const own = entry('abcdefghijkl.p', 1);
    const key = { ...own.key, tenant: 'abcdefghijkl' };
    const shown = [entry('poller_1', 1), { ...own, key }, { ...own, key: { ...key, id: 'poller_1' } }];
    const names = {
      list: ({ tenant }: { tenant: string }) => shown.filter((one) => one.key.tenant === tenant),
    };
    const cluster = { names } as unknown as Cluster;
    const listed = (tenants: string[]) => {
      const roster = new Roster('poller', tenants);
      roster.refresh({ monitor: () => 1, demonitor: () => {} }, cluster, () => {});
      return roster.candidates().map(({ name }) => name);
    };
    expect(listed(['platform'])).toEqual(['poller_1']);
    expect(listed(['platform', 'abcdefghijkl'])).toEqual(['poller_1', 'abcdefghijkl.p']);
    expect(listed(['platform', 'bbcdefghijkl'])).toEqual(['poller_1']);
  });

  it('watches each node that the registry shows, once', () => {
    const { roster, show, watched } = stage();
    show(entry('poller_1', 1), entry('poller_2', 1));
    show(entry('poller_1', 1), entry('poller_2', 1));
    expect(roster.candidates().map(({ name }) => name)).toEqual(['poller_1', 'poller_2']);
    expect(watched.size).toBe(2);
  });

  it('tells who is gone and watches it no more', () => {
    const { roster, show, gone, watched } = stage();
    show(entry('poller_1', 1), entry('poller_2', 1));
    show(entry('poller_2', 1));
    expect(gone).toEqual(['poller_1']);
    expect(roster.size).toBe(1);
    expect(watched.size).toBe(1);
  });

  it('takes one that came back as another actor for a newcomer without load', () => {
    const { roster, show, gone, watched } = stage();
    show(entry('poller_1', 1));
    roster.addLoad('poller_1', 3);
    show(entry('poller_1', 2));
    expect(gone).toEqual(['poller_1']);
    expect(roster.candidates()).toMatchObject([{ name: 'poller_1', load: 0 }]);
    expect([...watched.values()]).toEqual([new Ref('poller_1', 2, 1).toString()]);
  });

  it('keeps the load of one whose metadata changed', () => {
    const { roster, show, gone } = stage();
    show(entry('poller_1', 1));
    roster.addLoad('poller_1', 3);
    show(entry('poller_1', 1, { status: 'draining', partitions: [] }));
    expect(gone).toEqual([]);
    expect(roster.candidates()).toMatchObject([{ load: 3, status: 'draining' }]);
  });

  it('knows whose monitor it is, and when the registry has more than it lists', () => {
    const { roster, keeper, cluster, show, watched } = stage();
    show(entry('poller_1', 1));
    const [monitor] = [...watched.keys()];
    expect(roster.monitored(monitor!)).toBe('poller_1');
    expect(roster.monitored(99)).toBeNull();
    expect(roster.drop(keeper, 'poller_1')).toBe(true);
    expect(roster.drop(keeper, 'poller_1')).toBe(false);
    expect(roster.isShort(cluster)).toBe(true);
  });
});
