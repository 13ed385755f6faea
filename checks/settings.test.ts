import { describe, expect, test } from 'vitest';
import { readDnsSettings, readHttpSettings, validateSettings } from './settings.ts';

describe('settings of a check', () => {
  test.each([
    ['tcp', {}],
    ['icmp', {}],
    [
      'http',
      { expect_status: '200, 204,3xx', body_contains: 'ok', follow_redirects: '5', verify_tls: 'false' },
    ],
    ['http', { method: 'HEAD', expect_status: '2XX' }],
    ['dns', { record: 'aaaa', expect: '2001:DB8::1', server: '203.0.113.53' }],
    ['dns', { record: 'TXT', expect: 'v=spf1 -all', server: 'ns1.example.com:53' }],
  ] as const)('of kind %s take %j', (kind, settings) => {
    expect(validateSettings(kind, settings)).toEqual({ ok: true });
  });

  test.each([
    ['tcp', { expect: 'x' }, 'takes no settings'],
    ['http', { expect_statsu: '200' }, 'expect_status, body_contains, follow_redirects, verify_tls, method'],
    ['dns', { constructor: 'x' }, 'record, expect, server'],
    ['http', { expect_status: '99' }, 'expect_status must be'],
    ['http', { expect_status: '200-299' }, 'expect_status must be'],
    ['http', { expect_status: '6xx' }, 'expect_status must be'],
    ['http', { body_contains: '' }, '1 to 1024 characters'],
    ['http', { body_contains: 'x'.repeat(1_025) }, '1 to 1024 characters'],
    ['http', { follow_redirects: '6' }, 'from 0 to 5'],
    ['http', { follow_redirects: '-1' }, 'from 0 to 5'],
    ['http', { verify_tls: 'no' }, 'true or false'],
    ['http', { method: 'DELETE' }, 'GET or HEAD'],
    ['http', { method: 'HEAD', body_contains: 'x' }, 'no body'],
    ['dns', { record: 'ANY' }, 'one of A, AAAA'],
    ['dns', { expect: '2001:db8::1' }, 'IPv4 address'],
    ['dns', { record: 'AAAA', expect: '203.0.113.1' }, 'IPv6 address'],
    ['dns', { server: 'a:b:c' }, 'HOST:PORT'],
    ['dns', { server: '203.0.113.1:65536' }, 'HOST:PORT'],
    ['snmp' as 'dns', {}, 'no kind of check'],
    ['http', { verify_tls: true as unknown as string }, 'must be text'],
  ] as const)('of kind %s refuse %j', (kind, settings, what) => {
    const answer = validateSettings(kind, settings as unknown as Record<string, string>);
    expect(answer).toMatchObject({ ok: false, detail: expect.stringContaining(what) });
  });

  test('have defaults that are written nowhere else', () => {
    expect(readHttpSettings({})).toEqual({
      ok: true,
      value: {
        expectStatus: [
          [200, 299],
          [300, 399],
        ],
        expectStatusText: '2xx,3xx',
        bodyContains: null,
        followRedirects: 0,
        verifyTls: true,
        method: 'GET',
      },
    });
    expect(readDnsSettings({})).toEqual({ ok: true, value: { record: 'A', expect: null, server: null } });
  });

  test.each([
    ['203.0.113.1:5353', '203.0.113.1', 5353],
    ['203.0.113.1', '203.0.113.1', 53],
    ['[2001:db8::1]:5353', '[2001:db8::1]', 5353],
    ['2001:db8::1', '2001:db8::1', 53],
    ['ns.example.com:54', 'ns.example.com', 54],
  ])('read the server %s', (text, host, port) => {
    expect(readDnsSettings({ server: text })).toMatchObject({ ok: true, value: { server: { host, port } } });
  });
});
