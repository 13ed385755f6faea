import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Metadata, NameEntry } from '../cluster/index.ts';
import { Ref } from '../runtime/index.ts';
import { chooseEdgeAgent, EdgeAgents, edgeCandidateOf } from './edge-agents.ts';
import { selfRunnersMax } from './limits.ts';

const tenant = 'abcdefghijkl';
const base: Metadata = { edge: true, status: 'connected', capabilities: ['tcp'], listens: true };

function entry(id: string, metadata: Metadata, node = 'poller_1', partition = 'north'): NameEntry {
  return { key: { tenant, partition, kind: 'agent', id }, ref: new Ref(node, 1, 1), node, metadata };
}
const runner = (id: string, more: Metadata = {}) => entry(id, { ...base, runs_config: true, ...more });
const taker = (id: string, more: Metadata = {}) =>
  entry(id, { ...base, capabilities: ['tcp', 'check.run'], ...more });
const wanted = (id: string, kind = 'tcp', partition = 'north') => ({ id, kind, partition });
const reached = () => true;

describe('the name of an agent at the edge', () => {
  it('is none that a node of the cluster, or a tenant’s own node, says of itself', () => {
    expect(edgeCandidateOf(runner('a'))).toMatchObject({ name: 'a', partition: 'north', runsItself: true });
    expect(edgeCandidateOf(entry('agent_1', { status: 'connected', capabilities: ['tcp'] }))).toBe(null);
    expect(edgeCandidateOf(entry('a', { ...base, runs_config: true }, `${tenant}.own`))).toBe(null);
  });

  it('is told to run a check only while it listens and says that it takes that command', () => {
    expect(edgeCandidateOf(taker('a'))).toMatchObject({ takesJobs: true, runsItself: false });
    expect(edgeCandidateOf(taker('a', { listens: false }))).toMatchObject({ takesJobs: false });
    expect(edgeCandidateOf(runner('a'))).toMatchObject({ takesJobs: false });
  });
});

describe('who runs a check of a partition', () => {
  it('is one of its agents that run a config, alike for everybody who sees the same agents', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ids, fc.array(fc.string({ maxLength: 9 }), { maxLength: 20 }), (agents, checks) => {
        const [one, other] = [new EdgeAgents(), new EdgeAgents()];
        for (const id of agents) one.changed('added', runner(id));
        for (const id of [...agents].reverse()) {
          other.changed('added', entry(id, base));
          other.changed('updated', runner(id));
        }
        for (const id of checks) {
          const chosen = one.runnerOf(wanted(id));
          expect(agents).toContain(chosen);
          expect(other.runnerOf(wanted(id))).toBe(chosen);
          const sharing = agents.filter((agent) => one.sharesOf('north', agent)(wanted(id)));
          expect(sharing).toEqual([chosen]);
        }
      }),
    );
  });

  it('moves the checks of an agent that goes, and no others', () => {
    const agents = new EdgeAgents();
    for (const id of ['a', 'b', 'c']) agents.changed('added', runner(id));
    const checks = Array.from({ length: 200 }, (_, at) => wanted(`check_${at}`));
    const before = checks.map((check) => agents.runnerOf(check));
    expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']));
    expect(agents.changed('removed', runner('b'))).toBe(true);
    for (const [at, check] of checks.entries()) {
      if (before[at] !== 'b') expect(agents.runnerOf(check)).toBe(before[at]);
      else expect(['a', 'c']).toContain(agents.runnerOf(check));
    }
  });

  it('is nobody of another partition, of no such kind, or who has no config', () => {
    const agents = new EdgeAgents();
    agents.changed('added', runner('a'));
    agents.changed('added', taker('b'));
    expect(agents.runnerOf(wanted('c', 'tcp', 'south'))).toBe(null);
    expect(agents.runnerOf(wanted('c', 'icmp'))).toBe(null);
    agents.changed('updated', runner('a', { capabilities: [] }));
    expect(agents.runnerOf(wanted('c', 'icmp'))).toBe('a');
    agents.changed('removed', runner('a'));
    expect(agents.runnerOf(wanted('c'))).toBe(null);
  });

  it('is given its share before it is known to have a config, and what it cannot run is none of it', () => {
    const agents = new EdgeAgents();
    agents.changed('added', entry('a', base));
    expect(agents.sharesOf('north', 'a')(wanted('c'))).toBe(true);
    expect(agents.sharesOf('north', 'a')(wanted('c', 'dns'))).toBe(false);
    agents.changed('added', runner('b'));
    const share = agents.sharesOf('north', 'a');
    agents.changed('updated', runner('a'));
    for (let at = 0; at < 50; at += 1) {
      expect(share(wanted(`c${at}`))).toBe(agents.runnerOf(wanted(`c${at}`)) === 'a');
    }
  });

  it('is one of the first by name where there are more than share', () => {
    const agents = new EdgeAgents();
    const ids = Array.from({ length: selfRunnersMax + 20 }, (_, at) => `a${String(at).padStart(3, '0')}`);
    for (const id of [...ids].reverse()) agents.changed('added', runner(id));
    const first = new Set(ids.slice(0, selfRunnersMax));
    for (let at = 0; at < 500; at += 1) expect(first.has(agents.runnerOf(wanted(`c${at}`))!)).toBe(true);
  });
});

describe('who is told to run a check', () => {
  it('is the least loaded that can be reached, and not the one that did not run it', () => {
    const agents = new EdgeAgents();
    for (const id of ['a', 'b', 'c']) agents.changed('added', taker(id));
    agents.addLoad('north', 'a', 2);
    agents.addLoad('north', 'b', 1);
    agents.addLoad('north', 'c', 3);
    const choose = (except: string | null, isReached = reached) =>
      chooseEdgeAgent(agents.of('north'), wanted('x'), except, isReached)?.name ?? null;
    expect(choose(null)).toBe('b');
    expect(choose('b')).toBe('a');
    expect(choose(null, () => false)).toBe(null);
    // What it has stays its load while its name changes.
    agents.changed('updated', taker('b', { version: '2' }));
    agents.addLoad('north', 'b', 5);
    expect(choose(null)).toBe('a');
  });
});
