import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLoopbackAddress, judgeHead, judgeUpgrade, ownHosts, type RequestHead } from './judgement.ts';

const port = 8080;

function head(changes: Partial<RequestHead> = {}): RequestHead {
  return { method: 'GET', target: '/', hosts: ['localhost:8080'], origins: [], ...changes };
}

function codeOf(refusal: { code: string } | null): string | null {
  return refusal?.code ?? null;
}

test.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LocalHost:8080'])(
  'the host %s is ours',
  (host) => {
    expect(judgeHead(head({ hosts: [host] }), port)).toBeNull();
  },
);

test.each([
  'localhost',
  'localhost:8081',
  '127.0.0.1',
  '127.0.0.2:8080',
  '127.1:8080',
  '[::1]',
  '::1:8080',
  'localhost.:8080',
  'evil.example:8080',
  'localhost:8080.evil.example',
  'localhost.evil.example:8080',
  'user@localhost:8080',
  ' localhost:8080',
  'localhost:08080',
  '',
])('the host "%s" is not ours', (host) => {
  expect(judgeHead(head({ hosts: [host] }), port)).toMatchObject({ status: 421, code: 'wrong_host' });
});

test('no host at all, and two of them, are refused', () => {
  expect(codeOf(judgeHead(head({ hosts: [] }), port))).toBe('wrong_host');
  expect(codeOf(judgeHead(head({ hosts: ['localhost:8080', 'localhost:8080'] }), port))).toBe('wrong_host');
});

test('only on port 80 may the host leave its port out', () => {
  expect(judgeHead(head({ hosts: ['localhost'] }), 80)).toBeNull();
  expect(judgeHead(head({ hosts: ['localhost:80'] }), 80)).toBeNull();
});

test('whatever the host is, it is taken only if it is one of the few', () => {
  fc.assert(
    fc.property(fc.string(), (host) => {
      const taken = judgeHead(head({ hosts: [host] }), port) === null;
      expect(taken).toBe(ownHosts(port).includes(host.toLowerCase()));
    }),
  );
});

test('only GET and HEAD are answered, and only for paths', () => {
  expect(judgeHead(head({ method: 'HEAD' }), port)).toBeNull();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get'])
    expect(judgeHead(head({ method }), port)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  for (const target of ['http://evil.example/', '*', 'evil.example:443', ''])
    expect(codeOf(judgeHead(head({ target }), port))).toBe('bad_request');
});

test('a socket is for the page that was served under the same host, and for programs', () => {
  const live = head({ target: '/live?x=1' });
  expect(judgeUpgrade(live, port)).toBeNull();
  expect(judgeUpgrade({ ...live, origins: ['http://localhost:8080'] }, port)).toBeNull();
});

test.each([
  'https://localhost:8080',
  'http://127.0.0.1:8080',
  'http://localhost',
  'http://localhost:80800',
  'http://evil.example',
  'http://localhost:8080.evil.example',
  'http://localhost:8080/',
  'null',
  '',
])('a page of "%s" gets no socket', (origin) => {
  const refused = judgeUpgrade(head({ target: '/live', origins: [origin] }), port);
  expect(refused).toMatchObject({ status: 403, code: 'foreign_origin' });
});

test('an upgrade is judged as a request first', () => {
  expect(codeOf(judgeUpgrade(head({ target: '/live', hosts: ['evil.example'] }), port))).toBe('wrong_host');
  expect(codeOf(judgeUpgrade(head({ target: '/' }), port))).toBe('upgrade_refused');
  expect(codeOf(judgeUpgrade(head({ target: '/live', method: 'HEAD' }), port))).toBe('method_not_allowed');
  const two = ['http://localhost:8080', 'http://localhost:8080'];
  expect(codeOf(judgeUpgrade(head({ target: '/live', origins: two }), port))).toBe('foreign_origin');
});

test('only literal loopback addresses may be listened on', () => {
  expect(['127.0.0.1', '::1'].every(isLoopbackAddress)).toBe(true);
  expect(['0.0.0.0', '::', '', 'localhost', '192.168.1.4', '127.0.0.1.evil'].some(isLoopbackAddress)).toBe(
    false,
  );
});
