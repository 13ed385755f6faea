/** Another key for a tenant's authority, and a bundle for a machine with openssl alone, by the commands as they are. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, cluster, picket, until } from './picket.ts';

interface Authority {
  tenant_id: string;
  signing: { serial: string; not_after: string };
  former: { serial: string; retired_at: string | null }[];
}

let net: Cluster;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=1,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
});
afterAll(() => net.close());

const show = (...more: string[]) => net.ask<Authority>('package', 'authority', '--tenant', 'acme', ...more);
const at = (name: string) => join(net.data, name);

async function bundle(name: string): Promise<{ file: string; folder: string; id: string }> {
  const file = at(`${name}.tar.gz`);
  const out = ['--out', file, '--json'];
  const made = await net.run('package', 'bundle', '--tenant', 'acme', '--create', '--name', name, ...out);
  const { id, token } = JSON.parse(made.out) as { id: string; token?: string };
  expect([made.status, token, statSync(file).mode & 0o777]).toEqual([0, undefined, 0o600]);
  expect(made.err).toContain('holds the token');
  execFileSync('tar', ['xzf', file, '-C', net.data]);
  return { file, folder: at(`picket-${id}`), id };
}

test('a bundle makes a machine with nothing but openssl an agent of the tenant, and its token is good once', async () => {
  const { folder, id, file } = await bundle('site_1');
  const root = at('root_1');
  const install = (...words: string[]) =>
    execFileSync('sh', [join(folder, 'install.sh'), ...words], {
      env: { ...process.env, DESTDIR: root, PICKET: '' },
    });
  install('request');
  const [token, request, out] = [join(folder, 'token'), join(folder, 'request.pem'), at('certificate.pem')];
  const sign = (to: string) =>
    picket('package', 'sign', '--token-file', token, '--request', request, '--out', to, '--json');
  const signed = await sign(out);
  expect(JSON.parse(signed.out)).toMatchObject({
    ok: true,
    identity: expect.stringContaining('/agent/site_1'),
  });
  await sign(at('again.pem'));
  expect(readFileSync(at('again.pem'), 'utf8')).toBe(readFileSync(out, 'utf8'));
  install('certificate', out);
  const state = join(root, 'var/lib/picket-agent');
  const verified = await picket(
    'certs',
    'verify',
    join(state, 'edge.pem'),
    '--ca',
    join(state, 'roots.pem'),
    '--json',
  );
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, identity: { id: 'site_1' } });
  expect(existsSync(token)).toBe(false);
  const again = ['package', 'bundle', '--tenant', 'acme', '--create', '--name', 'site_9', '--out', file];
  expect((await net.run(...again)).err).toContain('file_exists');
  const rows = await net.ask<{ id: string; name: string }[]>('package', 'list', '--tenant', 'acme');
  expect(rows.map((row) => row.id)).toEqual([id]);
});

test('another key signs from then on, what the old one signed counts for the overlap, and then no more', async () => {
  const enrol = async (name: string) => {
    const made = await net.ask<{ token: string }>('package', 'create', '--tenant', 'acme', '--name', name);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(at(`${name}.token`), made.token);
    await picket('enroll', '--token-file', at(`${name}.token`), '--dir', at(name), '--json');
    return at(`${name}/edge.pem`);
  };
  const verdict = async (file: string) => {
    const lists = at('authority/revoked.pem');
    const crl = existsSync(lists) ? ['--crl', lists] : [];
    const { out } = await picket('certs', 'verify', file, '--ca', at('authority/root.pem'), ...crl, '--json');
    const read = JSON.parse(out) as { ok: boolean; error: { code: string } | null };
    return read.ok ? 'good' : read.error!.code;
  };
  const old = await enrol('before');
  const before = await show();
  const after = await show('--rotate', '--overlap', '2s');
  expect(after.signing.serial).not.toBe(before.signing.serial);
  expect(after.former).toMatchObject([{ serial: before.signing.serial, retired_at: null }]);
  expect(readFileSync(at(`authority/tenants/${after.tenant_id}.pem`), 'utf8')).not.toBe('');
  const fresh = await enrol('after');
  expect(await verdict(fresh)).toBe('good');
  await until('retired', 90_000, async () => (await show()).former[0]!.retired_at !== null);
  expect([await verdict(old), await verdict(fresh)]).toEqual(['revoked', 'good']);
  const history = await net.ask<{ event: string }[]>('tenant', 'history', 'acme');
  expect(history.map(({ event }) => event).filter((event) => event.startsWith('authority'))).toEqual([
    'authority_make',
    'authority_replace',
    'authority_retire',
  ]);
  const brought = await show('--rotate', '--authority', at('authority'));
  expect(brought.former).toHaveLength(2);
  expect((await show('--authority', at('authority'))).signing).toEqual(brought.signing);
});
