import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { boundedResolver, type NameResolver, systemResolver } from './resolver.ts';

const here = () => false;
const gone = () => true;

/** Lookups that end when the test says so. */
function manual() {
  const asked: { name: string; answer: (addresses: string[]) => void; fail: (error: Error) => void }[] = [];
  const resolver: NameResolver = {
    lookup: (name) => new Promise((answer, fail) => asked.push({ name, answer, fail })),
  };
  return { asked, resolver };
}

describe('the bounded resolver', () => {
  test('runs a bounded number of lookups and starts the next when one ends', async () => {
    const { asked, resolver } = manual();
    const bounded = boundedResolver(resolver);
    const runs = ['a', 'b', 'c', 'd', 'e'].map((name) => bounded.lookup(name, 0, here));
    expect(asked.map((lookup) => lookup.name)).toEqual(['a', 'b', 'c'].slice(0, limits.lookupsAtOnceMax));
    asked[0]?.answer(['203.0.113.1']);
    expect(await runs[0]).toEqual(['203.0.113.1']);
    expect(asked).toHaveLength(limits.lookupsAtOnceMax + 1);
    asked[1]?.fail(new Error('no'));
    await expect(runs[1]).rejects.toThrow('no');
    expect(asked).toHaveLength(limits.lookupsAtOnceMax + 2);
  });

  test('shares one lookup among those who ask the same, and asks anew afterwards', async () => {
    const { asked, resolver } = manual();
    const bounded = boundedResolver(resolver);
    const runs = [bounded.lookup('a', 4, here), bounded.lookup('a', 4, here), bounded.lookup('a', 6, here)];
    expect(asked).toHaveLength(2);
    asked[0]?.answer(['203.0.113.1']);
    asked[1]?.answer(['2001:db8::1']);
    expect(await Promise.all(runs)).toEqual([['203.0.113.1'], ['203.0.113.1'], ['2001:db8::1']]);
    void bounded.lookup('a', 4, here);
    expect(asked).toHaveLength(3);
  });

  test('skips lookups that nobody waits for any more', async () => {
    const { asked, resolver } = manual();
    const bounded = boundedResolver(resolver);
    const first = bounded.lookup('first', 0, here);
    for (let at = 1; at < limits.lookupsAtOnceMax; at += 1) void bounded.lookup(`slow-${at}`, 0, here);
    void bounded.lookup('abandoned', 0, gone);
    void bounded.lookup('wanted', 0, here);
    asked[0]?.answer([]);
    await first;
    expect(asked.map((lookup) => lookup.name)).not.toContain('abandoned');
    expect(asked.at(-1)?.name).toBe('wanted');
  });

  test('refuses past its queue instead of growing', async () => {
    const { resolver } = manual();
    const bounded = boundedResolver(resolver);
    const all = limits.lookupsAtOnceMax + limits.lookupsWaitingMax;
    for (let at = 0; at < all; at += 1) void bounded.lookup(`name-${at}`, 0, here);
    await expect(bounded.lookup('one more', 0, here)).rejects.toMatchObject({ code: 'lookup_queue_full' });
  });

  test('reads the hosts file of the machine through the system', async () => {
    expect(await boundedResolver(systemResolver).lookup('localhost', 4, here)).toContain('127.0.0.1');
  });
});
