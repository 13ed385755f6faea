import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';
import { judgeAddress } from './guard.ts';

const shared = { allowAll: false };
const own = { allowAll: true };

const refusedSpellings: readonly [spelling: string, what: string][] = [
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['127.1', 'loopback'],
  ['127.0.1', 'loopback'],
  ['2130706433', 'loopback'],
  ['017700000001', 'loopback'],
  ['0x7f000001', 'loopback'],
  ['0X7F.0.0.1', 'loopback'],
  ['0177.0.0.1', 'loopback'],
  ['0177.0.0x0.01', 'loopback'],
  ['00000177.0.0.1', 'loopback'],
  ['127.0.0.1.', 'loopback'],
  ['127.0.0.1%lo', 'loopback'],
  ['[127.0.0.1]', 'loopback'],
  ['１２７.０.０.１', 'loopback'],
  ['127。0。0。1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['0', 'unspecified'],
  ['0x0', 'unspecified'],
  ['0.255.255.255', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['10.1', 'private'],
  ['012.0.0.1', 'private'],
  ['167772161', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.0.1', 'private'],
  ['192.168.257', 'private'],
  ['0xc0a80001', 'private'],
  ['3232235521', 'private'],
  ['100.64.0.1', 'carrier-grade'],
  ['100.127.255.255', 'carrier-grade'],
  ['169.254.169.254', 'link-local'],
  ['2852039166', 'link-local'],
  ['0xa9fea9fe', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.250', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['4294967295', 'broadcast'],
  ['240.0.0.1', 'reserved'],
  ['192.0.0.192', 'IETF'],
  ['198.18.0.1', 'benchmarking'],
  ['::', 'unspecified'],
  ['0:0:0:0:0:0:0:0', 'unspecified'],
  ['::1', 'loopback'],
  ['[::1]', 'loopback'],
  ['::1%lo', 'loopback'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', 'loopback'],
  ['fe80::1', 'link-local'],
  ['FE80::1%eth0', 'link-local'],
  ['febf:ffff::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['fc00::1', 'unique local'],
  ['fdff:ffff::1', 'unique local'],
  ['ff02::1', 'multicast'],
  ['FF0E::1', 'multicast'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::FFFF:7F00:1', 'loopback'],
  ['[::ffff:10.0.0.1]', 'private'],
  ['0:0:0:0:0:ffff:a00:1', 'private'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['::ffff:0.0.0.0', 'unspecified'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::7f00:1', 'loopback'],
  ['::10.0.0.1', 'private'],
  ['::2', 'unspecified'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['64:FF9B::a9fe:a9fe', 'link-local'],
  ['64:ff9b:1::1', 'NAT64'],
  ['64:ff9b:1:a00:0:100::', 'NAT64'],
  ['64:ff9b:1::203.0.113.1', 'NAT64'],
  ['64:ff9b:2::1', 'outside the global'],
  ['64:ff9b:0:1::', 'outside the global'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a00:1::1', 'private'],
  ['2002:c0a8:101::', 'private'],
  ['2001:0:a00:1::', 'private'],
  ['2001:0:cb00:7101:0:0:80ff:fffe', 'loopback'],
  ['2001:0:cb00:7101:0:0:f5ff:fffe', 'private'],
  ['2001:db8::5efe:10.0.0.1', 'private'],
  ['2001:db8::200:5efe:127.0.0.1', 'loopback'],
  ['2001:2::1', 'benchmarking'],
  ['100::1', 'outside the global'],
  ['4000::1', 'outside the global'],
  ['5f00::1', 'outside the global'],
];

const allowedSpellings = [
  '1.1.1.1',
  '8.8.8.8',
  '134744072',
  '0x08080808',
  '010.0.0.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.255',
  '223.255.255.255',
  '2001:db8::1',
  '[2001:DB8::1]',
  '2606:4700:4700::1111',
  '::ffff:203.0.113.1',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
  '2001:0:cb00:7101:0:0:f7f7:f7f7',
];

describe('the guard of shared nodes', () => {
  test.each(refusedSpellings)('refuses %s as %s', (spelling, what) => {
    const verdict = judgeAddress(spelling, shared);
    expect(verdict).toMatchObject({ allowed: false, code: 'target_not_allowed' });
    expect(verdict).toHaveProperty('detail', expect.stringContaining(what));
    expect(judgeAddress(spelling, own)).toEqual({ allowed: true });
  });

  test.each(allowedSpellings)('lets %s through', (spelling) => {
    expect(judgeAddress(spelling, shared)).toEqual({ allowed: true });
  });

  test.each([
    '',
    'localhost',
    'example.com',
    '1.2.3.4.5',
    '1.2.3.256',
    '08.1.1.1',
    '::g',
    '1::2::3',
    '127.0.0.1 x',
    '10.0.0.1/8',
  ])('refuses %j, which is no address', (text) => {
    expect(judgeAddress(text, shared)).toMatchObject({ allowed: false, code: 'target_not_allowed' });
  });

  const bits = fc.integer({ min: 0, max: 0xffffffff });
  const dotted = (b: number) => `${b >>> 24}.${(b >>> 16) & 255}.${(b >>> 8) & 255}.${b & 255}`;
  const verdictOf = (text: string) => judgeAddress(text, shared).allowed;

  test('judges every spelling of an IPv4 address like its plain one', () => {
    fc.assert(
      fc.property(bits, (b) => {
        const [w, x, y, z] = [b >>> 24, (b >>> 16) & 255, (b >>> 8) & 255, b & 255];
        const spellings = [
          String(b),
          `0x${b.toString(16)}`,
          `0${b.toString(8)}`,
          `${w}.${b & 0xffffff}`,
          `${w}.${x}.${b & 0xffff}`,
          `0x${w.toString(16)}.0${x.toString(8)}.${y}.0X${z.toString(16).toUpperCase()}`,
          `${dotted(b)}.`,
          `[${dotted(b)}]`,
        ];
        for (const spelling of spellings) expect(parseAddress(spelling)?.text).toBe(dotted(b));
        for (const spelling of spellings) expect(verdictOf(spelling)).toBe(verdictOf(dotted(b)));
      }),
    );
  });

  test('judges an IPv4 address inside an IPv6 one like itself', () => {
    fc.assert(
      fc.property(bits, (b) => {
        const [high, low] = [(b >>> 16).toString(16), (b & 0xffff).toString(16)];
        const inverted = `${((~b >>> 16) & 0xffff).toString(16)}:${(~b & 0xffff).toString(16)}`;
        const forms = [
          `::ffff:${dotted(b)}`,
          `::ffff:${high}:${low}`,
          `::ffff:0:${high}:${low}`,
          `64:ff9b::${dotted(b)}`,
          `2002:${high}:${low}::1`,
          `2001:0:808:808:0:0:${inverted}`,
        ];
        for (const form of forms) expect([form, verdictOf(form)]).toEqual([form, verdictOf(dotted(b))]);
      }),
    );
  });

  test('never allows an IPv6 address of a private range, however it is written', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const first = fc.oneof(
      fc.integer({ min: 0xfc00, max: 0xfdff }),
      fc.integer({ min: 0xfe80, max: 0xfeff }),
      fc.integer({ min: 0xff00, max: 0xffff }),
    );
    fc.assert(
      fc.property(
        first,
        fc.array(group, { minLength: 7, maxLength: 7 }),
        fc.boolean(),
        (head, tail, upper) => {
          const plain = [head, ...tail].map((part) => part.toString(16)).join(':');
          const text = upper ? `[${plain.toUpperCase()}]` : `${plain}%eth0`;
          expect(verdictOf(text)).toBe(false);
        },
      ),
    );
  });

  test('reads its own canonical text as the same address', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (parts) => {
        const address = parseAddress(parts.map((part) => part.toString(16)).join(':'));
        expect(address).toMatchObject({ family: 6, groups: parts });
        expect(parseAddress(address?.text ?? '')).toEqual(address);
      }),
    );
  });

  test('answers for any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(judgeAddress(text, shared)).toHaveProperty('allowed');
      }),
    );
  });
});
