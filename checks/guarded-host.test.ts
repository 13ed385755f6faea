import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { Deadline } from './deadline.ts';
import { locateGuarded } from './guarded-host.ts';

const clock = { monotonicMs: () => performance.now() };
const never = new AbortController().signal;

async function ask(host: string, addresses: readonly string[] | Error, allowAll = false, signal = never) {
  const deadline = new Deadline(5_000, clock, signal);
  const resolver = {
    lookup: async () => {
      if (addresses instanceof Error) throw addresses;
      return addresses;
    },
  };
  try {
    const found = await locateGuarded({ host, guard: { allowAll }, resolver, clock, deadline });
    return found.addresses?.map(({ text }) => text) ?? found.why;
  } finally {
    deadline.clear();
  }
}

test('of a name those addresses that may be connected to, and no others', async () => {
  expect(await ask('cmdb.example', ['10.0.0.1', '192.0.2.7', '::1', '2001:db8::7'])).toEqual([
    '192.0.2.7',
    '2001:db8::7',
  ]);
  expect(await ask('cmdb.example', ['10.0.0.1', '::ffff:127.0.0.1'])).toBe('refused');
  expect(await ask('cmdb.example', ['10.0.0.1'], true)).toEqual(['10.0.0.1']);
});

test('of an address itself, in any spelling', async () => {
  expect(await ask('192.0.2.7', [])).toEqual(['192.0.2.7']);
  expect(await ask('[::1]', [])).toBe('refused');
  expect(await ask('0x7f.1', [])).toBe('refused');
  expect(await ask('not a host', [])).toBe('refused');
});

test('a name without an answer is unknown, and one that is asked too late has none', async () => {
  expect(await ask('cmdb.example', Object.assign(new Error('no'), { code: 'ENOTFOUND' }))).toBe('unknown');
  expect(await ask('cmdb.example', [])).toBe('unknown');
  expect(await ask('cmdb.example', ['192.0.2.7'], false, AbortSignal.abort())).toBe('ended');
});
