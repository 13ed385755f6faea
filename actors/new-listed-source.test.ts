import { describe, expect, test } from 'vitest';
import { wantedSource } from '../test/contract/listed-source-store.ts';
import {
  judgeListedChange,
  judgeListedSource,
  judgeSaidCredentials,
  type ListedSourceSaid,
} from './new-listed-source.ts';

const shared = { allowAll: false };
const before = wantedSource('cmdb');

describe('a source as somebody says it', () => {
  test('has what is said, and of the rest what was there', () => {
    const judged = judgeListedSource(
      { name: 'x', endpoint: 'https://a.example', intervalMs: null },
      before,
      shared,
    );
    expect(judged).toEqual({
      source: { ...before, name: 'x', endpoint: 'https://a.example', intervalMs: null },
    });
  });

  test.each([
    ['a private address', { endpoint: 'https://10.0.0.1' }],
    ['loopback', { endpoint: 'https://[::1]:8443' }],
    ['metadata of a cloud', { endpoint: 'http://169.254.169.254' }],
    ['another spelling of loopback', { endpoint: 'https://0x7f.1' }],
  ])('is refused at %s, but of who watches the own machine', (_, said) => {
    expect(judgeListedSource(said, before, shared)).toMatchObject({ refused: 'target_not_allowed' });
    expect(judgeListedSource(said, before, { allowAll: true })).toHaveProperty('source');
  });

  test('may be at any address when an agent lists it, and not when it comes back to the core', () => {
    const inside = { endpoint: 'https://10.0.0.1' };
    const judged = judgeListedSource({ ...inside, agent: 'plant-1' }, before, shared);
    expect(judged).toMatchObject({ source: { agent: 'plant-1', ...inside } });
    const placed = { ...before, ...inside, agent: 'plant-1' };
    expect(judgeListedChange({ agent: null }, placed, shared)).toMatchObject({
      refused: 'target_not_allowed',
    });
    expect(judgeListedChange({ agent: 'plant-2' }, placed, shared)).toEqual({ change: { agent: 'plant-2' } });
    for (const agent of ['', 'a/b', 'a b', 7, 'x'.repeat(129)])
      expect(judgeListedSource({ agent }, before, shared)).toMatchObject({ refused: 'bad_source' });
  });

  test.each([
    ['no name', { name: ' ' }],
    ['another kind', { kind: 'spreadsheet' }],
    ['no URL', { endpoint: 'netbox' }],
    ['a list that is none', { blacklist: '10.0.0.0/8' }],
    ['numbers in the list', { blacklist: [10] }],
    ['an interval below a minute', { intervalMs: 59_999 }],
    ['an interval past a month', { intervalMs: 31 * 86_400_000 }],
    ['half a millisecond', { intervalMs: 60_000.5 }],
    ['a flag that is none', { enabled: 'yes' }],
    ['what a source does not have', { place: 'agent' }],
  ])('is refused with %s', (_, said) => {
    expect(judgeListedSource(said as ListedSourceSaid, before, shared)).toMatchObject({
      refused: 'bad_source',
    });
  });
});

test('a change is of what is said and nothing else; kind and partition are for ever', () => {
  const said = { kind: before.kind, partition: before.partition, enabled: false };
  expect(judgeListedChange(said, before, shared)).toEqual({ change: { enabled: false } });
  expect(judgeListedChange({ kind: 'armis' }, before, shared)).toMatchObject({ refused: 'bad_source' });
  expect(judgeListedChange({ partition: 'plant' }, before, shared)).toMatchObject({ refused: 'bad_source' });
});

test('credentials are a text that can be sent, or none', () => {
  expect([judgeSaidCredentials(null), judgeSaidCredentials('key')]).toEqual([null, null]);
  for (const credentials of [7, '', 'two words', {}])
    expect(judgeSaidCredentials(credentials)).toMatchObject({ refused: 'bad_source' });
});
