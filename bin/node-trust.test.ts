import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAuthority,
  createIntermediate,
  createRevocationList,
  issueNode,
  issueTenantNode,
  writeCredential,
} from '../certs/index.ts';
import { toPem } from '../certs/pem.ts';
import { createForeignWorld, spireDomain, spirePoller } from '../certs/testing/foreign-world.ts';
import type { Forged } from '../certs/testing/forge.ts';
import { createWorld } from '../certs/testing/world.ts';
import { systemClock } from '../runtime/index.ts';
import { dataFolder } from './data-folder.ts';
import type { NodeFlags } from './node-options.ts';
import { openTrust, ownIdentity } from './node-trust.ts';

const clock = systemClock({ unref: true });
const foreign = createForeignWorld(createWorld(Date.now()));
const pemOf = (...all: Forged[]) => all.map(({ der }) => toPem(der, 'CERTIFICATE')).join('');
let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'picket-trust-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const flagsOf = (more: Partial<NodeFlags>): NodeFlags => ({
  role: 'poller',
  name: 'poller_9',
  listen: '127.0.0.1:0',
  discovery: 'static',
  seed: [],
  dnsServer: [],
  data,
  logLevel: 'info',
  ...more,
});
const open = (more: Partial<NodeFlags>) => openTrust(flagsOf(more), dataFolder(data), clock);

async function writeSvid(
  names: readonly [string, string, string] = ['svid.0.pem', 'svid.0.key', 'bundle.0.pem'],
): Promise<string> {
  const folder = join(data, 'svid');
  await mkdir(folder, { recursive: true });
  const leaf = foreign.svid(foreign.root, spirePoller);
  await writeFile(join(folder, names[0]), pemOf(leaf));
  const key = leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFile(join(folder, names[1]), key, { mode: 0o600 });
  await writeFile(join(folder, names[2]), pemOf(foreign.root));
  return folder;
}

const policyFor = (role: string, bundle: string) => ({
  foreign_authorities: [
    {
      trust_domain: spireDomain,
      roots: `svid/${bundle}`,
      nodes: [{ prefix: `spiffe://${spireDomain}/picket/poller/`, role }],
    },
  ],
});
const writePolicy = (role: string, bundle = 'bundle.0.pem') =>
  writeFile(join(data, 'policy.json'), JSON.stringify(policyFor(role, bundle)));

test('a node with a tenant’s certificate is called by the tenant’s id and its name', async () => {
  const tenantId = 'k7mzq2wn5xjd';
  const authority = await createAuthority('example.org', clock);
  const scope = { kind: 'tenant', tenantId } as const;
  const issuer = await createIntermediate(authority.root, 'example.org', scope, clock);
  const node = { trustDomain: 'example.org', tenantId, role: 'poller', name: 'edge_1' } as const;
  const folder = join(data, 'credentials');
  await writeCredential(folder, 'edge_1', await issueTenantNode(authority.root, issuer, node, clock));
  const trust = await open({ name: 'edge_1', credentials: folder });
  const own = (role: string, name: string) => ownIdentity(flagsOf({ role, name }), trust);
  expect(own('poller', 'edge_1')).toEqual({ name: `${tenantId}.edge_1`, tenant: tenantId });
  expect(() => own('agent', 'edge_1')).toThrowError(/not of the agent edge_1/);
  expect(() => own('poller', 'poller_1')).toThrowError(/not of the poller poller_1/);
});

describe('a node with the files of a SPIRE agent', () => {
  test('is the one that the policy names, and trusts no root of its own', async () => {
    const svid = await writeSvid();
    await writePolicy('poller');
    const trust = await open({ svid });
    expect([trust.trustDomain, trust.roots(), trust.policy().foreign.length]).toEqual(['', [], 1]);
    const serial = trust.credential().chainPem;
    await writeSvid();
    await trust.renew();
    expect(trust.credential().chainPem).not.toBe(serial);
  });

  test.each(['bundle.pem', 'svid_bundle.pem'])(
    'finds them by the names of the SPIFFE helper too, with %s',
    async (bundle) => {
      const svid = await writeSvid(['svid.pem', 'svid_key.pem', bundle]);
      await writePolicy('poller', bundle);
      expect((await open({ svid })).policy().foreign).toHaveLength(1);
    },
  );

  test('does not start under another name or role, or without a policy', async () => {
    const svid = await writeSvid();
    await expect(open({ svid })).rejects.toMatchObject({ code: 'unknown_authority' });
    await writePolicy('agent');
    await expect(open({ svid })).rejects.toMatchObject({ code: 'bad_credential' });
    await writePolicy('poller');
    await expect(open({ svid, name: 'poller_8' })).rejects.toMatchObject({ code: 'bad_credential' });
  });
});

describe('a node of ours', () => {
  test('takes a policy and a revocation list that appear, and keeps the last good ones', async () => {
    const ca = await createAuthority('picket.local', clock);
    const folder = dataFolder(data);
    const credential = await issueNode(ca, { role: 'poller', name: 'poller_9' }, clock);
    await writeCredential(folder.credentials, 'poller_9', credential);
    const trust = await open({});
    expect([trust.trustDomain, trust.policy().foreign, trust.revocationLists()]).toEqual([
      'picket.local',
      [],
      [],
    ]);
    let told = () => {};
    const changes: string[] = [];
    const next = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    trust.watch(
      { credential: () => changes.push('credential'), trust: () => changes.push('trust') },
      (level) => {
        changes.push(level);
        told();
      },
    );
    let seen = next();
    await mkdir(folder.authority, { recursive: true });
    await writeFile(
      join(folder.authority, 'revoked.pem'),
      await createRevocationList(ca.nodes, ['ab'], clock),
    );
    await seen;
    expect(trust.revocationLists()).toHaveLength(1);
    seen = next();
    await writeFile(join(folder.authority, 'revoked.pem'), '');
    await seen;
    expect(trust.revocationLists()).toHaveLength(1);
    seen = next();
    await writeSvid();
    await writePolicy('poller');
    await seen;
    expect(trust.policy().foreign).toHaveLength(1);
    expect(changes).toEqual(['trust', 'info', 'error', 'trust', 'info']);
  });

  test('does not start with a revocation list or a policy that is damaged', async () => {
    const ca = await createAuthority('picket.local', clock);
    const folder = dataFolder(data);
    await writeCredential(
      folder.credentials,
      'poller_9',
      await issueNode(ca, { role: 'poller', name: 'poller_9' }, clock),
    );
    await writeFile(join(data, 'policy.json'), '{');
    await expect(open({})).rejects.toMatchObject({ code: 'bad_policy' });
    await rm(join(data, 'policy.json'));
    await writeFile(join(data, 'lists.pem'), '-----BEGIN X509 CRL-----\n');
    await expect(open({ crl: join(data, 'lists.pem') })).rejects.toMatchObject({ code: 'corrupt_file' });
    await expect(open({ crl: join(data, 'none.pem') })).rejects.toMatchObject({ code: 'missing_file' });
  });
});
