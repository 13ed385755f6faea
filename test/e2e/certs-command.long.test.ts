import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { picket, type Ran, script } from './picket.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const inFolder = (...args: string[]) => picket(...args, '--data', at('data'));
const roots = () => at('data/credentials/roots.pem');
const leaf = () => at('data/credentials/p1.pem');
const verify = (file: string, ...more: string[]) => picket('certs', 'verify', file, '--ca', roots(), ...more);

interface Said {
  ok: boolean;
  identity: unknown;
  error: { code: string; detail: string } | null;
}

/** A stated refusal: a code, one sentence for people, nothing of where in the program it was found. */
function stated({ status, err }: Ran, code: string): void {
  expect(err).toMatch(new RegExp(`^picket: ${code}: .+\n$`));
  expect(err).not.toMatch(/\n\s+at |node:internal|undefined/);
  expect(status).toBe(1);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'picket-certs-'));
  for (const args of [
    ['certs', 'init', '--trust-domain', 'noc.example.org'],
    ['certs', 'issue', '--node', 'p1', '--role', 'poller'],
  ]) {
    const { status, err } = await inFolder(...args);
    if (status !== 0) throw new Error(err);
  }
  const pem = readFileSync(leaf(), 'utf8');
  const [first = ''] = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/) ?? [];
  const base64 = first.replace(/-----.+?-----|\s/g, '');
  writeFileSync(at('empty.pem'), '');
  writeFileSync(at('leaf.der'), Buffer.from(base64, 'base64'));
  writeFileSync(at('leaf-alone.pem'), first);
  writeFileSync(at('with-text.pem'), `Subject: somebody\nnotes\n${pem.replaceAll('\n', '\r\n')}\nthe end`);
  writeFileSync(at('cut.pem'), pem.slice(0, -60));
  writeFileSync(at('huge.pem'), Buffer.alloc(9 * 2 ** 20, 0x20));
  writeFileSync(at('bad-policy.json'), '{"foreign_authorities":[{"trust_domain":"X Y"}]}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('picket certs verify', () => {
  test('ends with 0 and says who it is', async () => {
    const { status, out } = await verify(leaf(), '--json');
    expect(status).toBe(0);
    const identity = { kind: 'node', trustDomain: 'noc.example.org', role: 'poller', name: 'p1' };
    expect(JSON.parse(out)).toEqual({ ok: true, identity, error: null });
    expect((await verify(at('with-text.pem'))).out).toBe(`ok: ${JSON.stringify(identity)}\n`);
  });

  test.each([
    ['leaf-alone.pem', 'chain_invalid', /no certificate that may have signed/],
    ['empty.pem', 'no_certificate', /no PEM certificate/],
    ['leaf.der', 'no_certificate', /looks like DER/],
    ['cut.pem', 'malformed', /damaged/],
    ['huge.pem', 'no_such_file', /more than 8388608 bytes/],
    ['none.pem', 'no_such_file', /there is no such file/],
    ['.', 'no_such_file', /it is a directory/],
  ])('ends with 1, a code and a sentence for %s', async (name, code, sentence) => {
    const ran = await verify(at(name), '--json');
    stated(ran, code);
    const said = JSON.parse(ran.out) as Said;
    expect(said).toEqual({ ok: false, identity: null, error: { code, detail: expect.any(String) } });
    expect(said.error!.detail).toMatch(sentence);
    stated(await verify(at(name)), code);
  });

  test('does not wait for the end of a device that has none', async () => {
    stated(await verify('/dev/zero'), 'no_such_file');
  });

  test.each([
    [['--ca', 'empty.pem'], 'no_roots'],
    [['--ca', 'leaf.der'], 'no_roots'],
    [['--ca', 'none.pem'], 'no_such_file'],
    [['--crl', 'empty.pem'], 'no_list'],
    [['--crl', 'none.pem'], 'no_such_file'],
    [['--policy', 'bad-policy.json'], 'bad_policy'],
    [['--policy', 'none.pem'], 'missing_file'],
  ])('is no verdict on the peer when %j is the fault', async ([flag, file], code) => {
    const ran = await verify(leaf(), flag!, at(file!), '--json');
    stated(ran, code);
    expect((JSON.parse(ran.out) as Said).error!.code).toBe(code);
  });

  test.each([
    [['certs', 'verify'], /required option '--ca/],
    [['certs', 'verify', 'x', '--ca', 'y', '--trust-domain', 'NOC!'], /--trust-domain "NOC!" is none/],
    [['certs', 'issue', '--node', 'p2'], /--role must be one of/],
    [['certs', 'issue', '--operator', 'a', '--lifetime', 'soon'], /--lifetime/],
    [['certs', 'revoke'], /missing required argument/],
  ])('a command line that makes no sense is usage: %j', async (args, said) => {
    const { status, err, out } = await picket(...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(said);
  });
});

describe('what cannot be undone', () => {
  test('an authority is not written over, nor a credential of another bearer', async () => {
    const before = readFileSync(at('data/authority/root.pem'), 'utf8');
    stated(await inFolder('certs', 'init'), 'already_exists');
    expect(readFileSync(at('data/authority/root.pem'), 'utf8')).toBe(before);
    stated(await inFolder('certs', 'issue', '--node', 'p1', '--role', 'agent'), 'already_exists');
  });

  test('issuing again says what it replaced, which stays good', async () => {
    copyFileSync(leaf(), at('before.pem'));
    const { out } = await inFolder('certs', 'issue', '--node', 'p1', '--role', 'poller', '--json');
    const { replaced, serial } = JSON.parse(out) as { replaced: string; serial: string };
    expect(replaced).toMatch(/^[0-9a-f]{32}$/);
    expect(replaced).not.toBe(serial);
    expect((await verify(at('before.pem'))).status).toBe(0);
    const again = await inFolder('certs', 'issue', '--node', 'p1', '--role', 'poller');
    expect(again.err).toContain(`it replaced serial ${serial}, which stays good until`);
  });

  test.each([
    ['no\n', 'not_confirmed: nothing was changed', 0],
    ['\u0003', 'not_confirmed: nothing was changed', 0],
    ['yes\n', 'is revoked', 1],
  ])(
    'a terminal is asked before a revocation, and %j is taken as it is meant',
    async (typed, said, lists) => {
      await inFolder('certs', 'issue', '--node', 'p7', '--role', 'poller');
      const shown = await inTerminal(['certs', 'revoke', at('data/credentials/p7.pem')], typed);
      expect(shown).toContain('uri:spiffe://noc.example.org/node/poller/p7 (serial ');
      expect(shown).toContain('is revoked for ever. Type yes:');
      expect(shown).toContain(said);
      const file = picketText('authority/revoked.pem');
      expect(file.split('BEGIN X509 CRL').length - 1).toBe(lists);
    },
  );

  test('a script is not asked, and what it revokes stays revoked after a rotation', async () => {
    await inFolder('certs', 'issue', '--node', 'p8', '--role', 'poller');
    copyFileSync(at('data/credentials/p8.pem'), at('p8.pem'));
    const { out } = await inFolder('certs', 'revoke', at('p8.pem'), '--json');
    expect(JSON.parse(out)).toMatchObject({ issuers: ['nodes'], already: false });
    await inFolder('certs', 'rotate', '--json');
    const list = at('data/authority/revoked.pem');
    stated(await verify(at('p8.pem'), '--crl', list), 'revoked');
    expect((await verify(at('before.pem'), '--crl', list)).status).toBe(0);
  });

  test('what is revoked is not said to stay good: a certificate that is replaced, an intermediate', async () => {
    const again = await inFolder('certs', 'issue', '--node', 'p8', '--role', 'poller');
    expect(again.err).toMatch(/it replaced serial [0-9a-f]{32}, which is revoked already/);
    const { out } = await inFolder('certs', 'rotate', '--json');
    const { serial } = (JSON.parse(out) as { intermediates: { serial: string }[] }).intermediates[1]!;
    await inFolder('certs', 'revoke', serial);
    const rotated = await inFolder('certs', 'rotate');
    expect(rotated.out).toContain(`operators: ${serial} is revoked\n`);
    expect(rotated.out).toMatch(/nodes: [0-9a-f]{32} is trusted until/);
  });
});

const picketText = (name: string) => {
  try {
    return readFileSync(at(`data/${name}`), 'utf8');
  } catch {
    return '';
  }
};

/** Runs a command in a terminal of its own (util-linux `script` has one) and types when it asks. */
function inTerminal(args: readonly string[], typed: string): Promise<string> {
  const command = [process.execPath, script, ...args, '--data', at('data')].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let seen = '';
    let asked = false;
    child.on('error', reject);
    child.stdout.on('data', (part: Buffer) => {
      seen += part.toString();
      if (asked || !seen.includes('Type yes')) return;
      asked = true;
      child.stdin.write(typed);
    });
    child.on('close', () => resolve(seen));
  });
}
