import { expect, test } from 'vitest';
import {
  claimedTenant,
  judgeImportedAuthority,
  judgeImportedClient,
  plainKeyPem,
  readImportedAuthority,
} from './imported-authority.ts';
import { toPem } from './pem.ts';
import { time } from './testing/der-writer.ts';
import { createForeignWorld, olderDomain, olderId } from './testing/foreign-world.ts';
import { dayMs } from './testing/forge.ts';
import { createWorld, nodeId, tenantA } from './testing/world.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const world = createWorld(nowMs);
const foreign = createForeignWorld(world);
const pemOf = ({ der }: { der: Uint8Array }) => toPem(der, 'CERTIFICATE');
const ours = { roots: [world.root.der], nowMs };
const given = (certificatesPem: string, trustDomain: string | null = olderDomain) => ({
  ...{ tenantId: tenantA, slug: 'acme', certificatesPem, trustDomain },
});

test('an authority that may sign is taken for the tenant that it was brought for', () => {
  const read = judgeImportedAuthority(given(pemOf(foreign.olderAuthority)), ours);
  expect(read).toMatchObject({
    ok: true,
    authority: { tenantId: tenantA, slug: 'acme', trustDomain: olderDomain },
  });
  expect(read.ok && read.fingerprint).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[string, string, string | null]>([
  ['a leaf', pemOf(foreign.older(foreign.olderAuthority)), olderDomain],
  ['our own root', pemOf(world.root), olderDomain],
  ['an intermediate of ours, of whatever tenant', pemOf(world.otherTenant), olderDomain],
  [
    'an authority that is over',
    pemOf(foreign.authority(null, world.root.subject, { notAfter: time(nowMs - dayMs) })),
    olderDomain,
  ],
  ['one whose trust domain nobody names', pemOf(foreign.olderAuthority), null],
  ['a trust domain that is none', pemOf(foreign.olderAuthority), 'Not A Domain'],
  ['no certificate', 'hello', olderDomain],
])('%s is not imported', (_what, pem, domain) => {
  expect(judgeImportedAuthority(given(pem, domain), ours)).toMatchObject({ ok: false });
});

test('what is presented must be signed by it, in time, with its key', () => {
  const authority = readImportedAuthority({
    ...given(pemOf(foreign.olderAuthority)),
    trustDomain: olderDomain,
  })!;
  const keyOf = ({ privateKey }: typeof leaf) =>
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const leaf = foreign.older(foreign.olderAuthority);
  const stranger = foreign.older(foreign.otherOlderAuthority);
  const late = foreign.older(foreign.olderAuthority, undefined, undefined, { notAfter: time(nowMs - 1_000) });
  expect(judgeImportedClient(pemOf(leaf), keyOf(leaf), authority, nowMs)).toBeNull();
  expect(judgeImportedClient(pemOf(leaf), keyOf(stranger), authority, nowMs)).toMatch(/key/);
  expect(judgeImportedClient(pemOf(stranger), keyOf(stranger), authority, nowMs)).toMatch(/did not sign/);
  expect(judgeImportedClient(pemOf(late), keyOf(late), authority, nowMs)).toMatch(/over/);
  expect(plainKeyPem('no key')).toBeNull();
});

test('which tenant a leaf of the older shape names is read from it, and from no other', () => {
  expect(claimedTenant([foreign.older(foreign.olderAuthority).der])).toEqual({
    trustDomain: olderDomain,
    slug: 'acme',
  });
  const others = [nodeId, olderId.replace('/agent/', '/node/'), `${olderId}/more`];
  for (const id of others) expect(claimedTenant([world.leaf(world.nodes, id).der])).toBeNull();
  expect(claimedTenant([])).toBeNull();
});
