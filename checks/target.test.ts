import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeTarget } from './target.ts';

type Kind = 'tcp' | 'http' | 'icmp' | 'dns';
const shared = { allowAll: false };
const own = { allowAll: true };

function ask(kind: Kind, target: string, port: number | null = null, settings: Record<string, string> = {}) {
  return { kind, target, port, settings };
}

describe('the door for new checks', () => {
  test.each([
    ask('tcp', '203.0.113.1', 80),
    ask('tcp', 'db.example.com.', 5432),
    ask('tcp', '2001:db8::1', 443),
    ask('icmp', 'example.com'),
    ask('http', 'https://example.com:8443/a?b=c'),
    ask('http', 'http://[2001:db8::1]/'),
    ask('dns', '_sip._tcp.example.com', null, { record: 'SRV' }),
    ask('dns', '10.0.0.1', null, { record: 'PTR' }),
    ask('dns', 'localhost'),
    ask('dns', 'example.com', null, { server: '203.0.113.53:53' }),
    ask('dns', 'example.com', null, { server: '[2001:db8::53]:5353' }),
  ])('lets $kind $target through on a shared node', (request) => {
    expect(judgeTarget(request, shared)).toEqual({ allowed: true });
  });

  test.each([
    ask('tcp', '127.0.0.1', 80),
    ask('tcp', 'localhost', 80),
    ask('tcp', 'a.LOCALHOST.', 80),
    ask('tcp', '2130706433', 80),
    ask('icmp', '[::1]'),
    ask('icmp', '10.1'),
    ask('http', 'http://0x7f.1/'),
    ask('http', 'http://[::ffff:10.0.0.1]:8080/'),
    ask('http', 'http://１２７.０.０.１/'),
    ask('http', 'http://192.168.0.1./'),
    ask('http', 'http://localhost:9000/'),
    ask('dns', 'example.com', null, { server: '10.0.0.53:53' }),
    ask('dns', 'example.com', null, { server: '::1' }),
    ask('dns', 'example.com', null, { server: 'localhost:53' }),
  ])('refuses $kind $target $settings on a shared node, and only there', (request) => {
    const verdict = judgeTarget(request, shared);
    expect(verdict).toMatchObject({ allowed: false, code: 'target_not_allowed' });
    expect(verdict).toHaveProperty('detail', expect.stringContaining('use an agent of your own'));
    expect(judgeTarget(request, own)).toEqual({ allowed: true });
  });

  test.each([
    [ask('tcp', '', 80), 'is empty'],
    [ask('tcp', 'a'.repeat(3_000), 80), 'longer than'],
    [ask('tcp', 'a\nb', 80), 'control character'],
    [ask('tcp', 'a b', 80), 'space'],
    [ask('tcp', 'a\u202eb', 80), 'control character'],
    [ask('icmp', '-f'), 'begins with "-"'],
    [ask('icmp', '--help'), 'begins with "-"'],
    [ask('tcp', 'host'), 'needs a port'],
    [ask('tcp', 'host', 0), 'needs a port'],
    [ask('tcp', 'host', 65_536), 'needs a port'],
    [ask('tcp', 'host', 1.5), 'needs a port'],
    [ask('tcp', 'host:80', 80), 'not a host'],
    [ask('tcp', 'http://host/', 80), 'not a host'],
    [ask('tcp', '10.0.0.0/8', 80), 'not a host'],
    [ask('tcp', '1.2.3.4.5', 80), 'looks like an IPv4 address'],
    [ask('tcp', '999.1.1.1', 80), 'looks like an IPv4 address'],
    [ask('tcp', `${'a'.repeat(64)}.com`, 80), 'no part of a host name'],
    [ask('tcp', 'a.-b.com', 80), 'no part of a host name'],
    [ask('icmp', 'host', 7), 'no port'],
    [ask('http', 'example.com'), 'not a URL'],
    [ask('http', 'ftp://example.com/'), 'scheme ftp:'],
    [ask('http', 'file:///etc/passwd'), 'scheme file:'],
    [ask('http', 'http://me:secret@example.com/'), 'credentials'],
    [ask('http', 'http://example.com:0/'), 'port 0'],
    [ask('http', 'http://example.com:99999/'), 'not a URL'],
    [ask('http', 'http://example.com/', 80), 'port in the URL'],
    [ask('dns', '203.0.113.1'), 'target of a dns check is a name'],
    [ask('dns', 'a..b'), 'not a name'],
    [ask('dns', 'example.com', 53), 'server=HOST:PORT'],
    [ask('dns', 'example.com', null, { server: 'host:0' }), 'server must be'],
    [ask('dns', 'example.com', null, { server: '-x:53' }), 'not a host'],
    [ask('snmp' as Kind, 'host'), 'no kind of check'],
  ])('refuses %j, saying that it %s', (request, what) => {
    const verdict = judgeTarget(request, own);
    expect(verdict).toMatchObject({ allowed: false, code: 'bad_check' });
    expect(verdict).toHaveProperty('detail', expect.stringContaining(what));
  });

  test('answers for any text at all, and says yes to nothing that begins with a dash', () => {
    const kinds = fc.constantFrom<Kind>('tcp', 'http', 'icmp', 'dns');
    fc.assert(
      fc.property(
        kinds,
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.boolean(),
        (kind, text, dashed) => {
          const target = dashed ? `-${text}` : text;
          const verdict = judgeTarget(ask(kind, target, kind === 'tcp' ? 80 : null), own);
          if (dashed) expect(verdict.allowed).toBe(false);
          else expect(verdict).toHaveProperty('allowed');
        },
      ),
    );
  });
});
