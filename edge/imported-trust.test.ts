import { expect, test } from 'vitest';
import { noPolicy, toPem, verifyPeer } from '../certs/index.ts';
import { createForeignWorld, olderDomain } from '../certs/testing/foreign-world.ts';
import { createWorld, nodeId, tenantA, tenantB, trustDomain } from '../certs/testing/world.ts';
import type { ClusterError } from '../cluster/index.ts';
import { type AuthoritiesAnswer, ImportedTrust } from './imported-trust.ts';
import { importedKeptMs } from './listener-limits.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const world = createWorld(nowMs);
const foreign = createForeignWorld(world);
const authority = {
  slug: 'acme',
  trustDomain: olderDomain,
  certificatesPem: toPem(foreign.olderAuthority.der, 'CERTIFICATE'),
};
const imported: AuthoritiesAnswer = { tenantId: tenantA, authorities: [authority] };

function stage(answers: Record<string, AuthoritiesAnswer | 'away'>) {
  const asked: string[] = [];
  let atMs = 0;
  const trust = new ImportedTrust({
    clock: { monotonicMs: () => atMs },
    log: () => {},
    cores: {
      cores: () => ['core_1'],
      async ask(_core, _procedure, argument) {
        const { slug } = argument as { slug: string };
        asked.push(slug);
        const answer = answers[slug] ?? { tenantId: null, authorities: [] };
        if (answer === 'away') throw new Error('node_down' satisfies ClusterError['code']);
        return answer;
      },
    },
  });
  return { trust, asked, answers, later: (ms: number) => (atMs += ms) };
}

const olderLeaf = (slug: string) => {
  const id = `spiffe://${olderDomain}/agent/${slug}/east/edge-7`;
  return [foreign.older(foreign.olderAuthority, id, `edge-7.east.${slug}.serviceradar`).der];
};

function verdictOf(chain: Uint8Array[], policy = noPolicy) {
  return verifyPeer({ chain, roots: [world.root.der], trustDomain, nowMs, policy });
}

test('a leaf of the older shape is judged by what its tenant imported, asked of a core once a minute', async () => {
  const { trust, asked, later } = stage({ acme: imported });
  const chain = olderLeaf('acme');
  const policy = await trust.policyFor(chain);
  expect(verdictOf(chain, policy!)).toMatchObject({
    ok: true,
    identity: { tenantId: tenantA, id: 'edge-7', partition: 'east' },
  });
  await trust.policyFor(chain);
  expect(asked).toEqual(['acme']);
  later(importedKeptMs);
  await trust.policyFor(chain);
  expect(asked).toEqual(['acme', 'acme']);
});

test('an authority of one tenant vouches for nobody of another, whatever it signs', async () => {
  const { trust } = stage({ acme: imported, other: { tenantId: tenantB, authorities: [] } });
  const chain = olderLeaf('other');
  expect(verdictOf(chain, (await trust.policyFor(chain))!)).toMatchObject({ ok: false });
  // Nor where the other tenant imported the same certificate under its own slug: the identity is that tenant's.
  const both = stage({ other: { tenantId: tenantB, authorities: [{ ...authority, slug: 'other' }] } });
  const policy = await both.trust.policyFor(chain);
  expect(verdictOf(chain, policy!)).toMatchObject({ ok: true, identity: { tenantId: tenantB } });
  expect(verdictOf(olderLeaf('acme'), policy!)).toMatchObject({
    ok: false,
    error: { code: 'issuer_not_tenant' },
  });
});

test('of our own shapes, and of what is no certificate, no core is asked', async () => {
  const { trust, asked } = stage({});
  for (const chain of [[], [Buffer.from('no')], [world.leaf(world.nodes, nodeId).der]])
    expect(await trust.policyFor(chain)).toBeNull();
  expect(asked).toEqual([]);
});

test('what is revoked counts no more when it is told, and stays as it was known while no core answers', async () => {
  const { trust, answers, later } = stage({ acme: imported });
  const chain = olderLeaf('acme');
  await trust.policyFor(chain);
  answers.acme = 'away';
  later(importedKeptMs);
  expect(verdictOf(chain, (await trust.policyFor(chain))!)).toMatchObject({ ok: true });
  answers.acme = { tenantId: tenantA, authorities: [] };
  trust.changed(tenantA);
  expect(verdictOf(chain, (await trust.policyFor(chain))!)).toMatchObject({ ok: false });
});
