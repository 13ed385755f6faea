import { expect, test } from 'vitest';
import { isFault } from './errors.ts';
import { judgeCredentials, judgeSettings } from './settings.ts';
import { settingsOf } from './testing/read-listing.ts';

const base = (kind: 'armis' | 'netbox', endpoint: string) => {
  const judged = judgeSettings(settingsOf({ kind, endpoint }));
  return isFault(judged) ? judged.code : judged.base.href;
};

test('an endpoint may be given with the path of the API or without', () => {
  for (const endpoint of [
    'https://a.example',
    'https://a.example/',
    'https://a.example/api',
    'https://a.example/api/v1/',
  ])
    expect(base('armis', endpoint)).toBe('https://a.example/');
  expect(base('netbox', 'https://a.example:8443/cmdb/api/')).toBe('https://a.example:8443/cmdb/');
  expect(base('netbox', 'http://[::1]:80/netbox')).toBe('http://[::1]/netbox/');
});

test.each([
  'a.example',
  'ftp://a.example',
  'https://me:secret@a.example',
  'https://a.example/?x=1',
  'https://a.example/#x',
  '',
])('%j is no endpoint', (endpoint) => {
  expect(base('netbox', endpoint)).toBe('bad_source');
});

test.each([
  ['kind', { kind: 'servicenow' as never }],
  ['query', { query: 'a\nb' }],
  ['query of Armis', { kind: 'armis' as const, query: 'in:alerts status:open' }],
  ['partition', { partition: '' }],
  ['partition in words', { partition: 'a b' }],
  ['pageItems', { pageItems: 1_001 }],
  ['blacklist', { blacklist: ['everything'] }],
  ['caPem', { caPem: 'no certificate' }],
])('another %s than can be is refused', (_, set) => {
  const judged = judgeSettings(settingsOf({ kind: 'netbox', endpoint: 'https://a.example', ...set }));
  expect(judged).toMatchObject({ code: 'bad_source' });
});

test('credentials are one word, and are in no refusal', () => {
  expect(judgeCredentials(' key-1\n')).toBe('key-1');
  for (const credentials of [null, '', '  ', 'two words', 'line\nbreak', 'ü', 'x'.repeat(5_000)]) {
    const judged = judgeCredentials(credentials);
    expect(judged).toMatchObject({ code: 'bad_source' });
    if (credentials?.trim()) expect(JSON.stringify(judged)).not.toContain(credentials);
  }
});
