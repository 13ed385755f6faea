import { afterEach, expect, test } from 'vitest';
import { createIntermediate, issueLeaf } from '../certs/index.ts';
import { FreePeer } from './testing/free-peer.ts';
import { clock, endAll, ending, scene, tenantA } from './testing/tenant-scene.ts';

afterEach(endAll);

test.each(['agent', 'collector'])(
  'the certificate that an enrolled %s dials a gateway with opens no link, and its bearer is told so',
  async (role) => {
    const { ca, core } = await scene();
    const subject = { kind: 'tenant', tenantId: tenantA } as const;
    const issuer = await createIntermediate(ca.root, ca.trustDomain, subject, clock);
    const identity = { ...subject, trustDomain: ca.trustDomain, role, id: 'site_1' };
    const peer = await FreePeer.connect(
      await issueLeaf(ca.root, issuer, { identity }, clock),
      core.address,
      7,
    );
    ending.push(() => peer.end());
    await peer.until(() => peer.isClosed);
    expect(peer.of('close').map(({ header }) => header.code)).toEqual(['not_a_node']);
    expect(core.members.list().map(({ name }) => name)).not.toContain(`${tenantA}.site_1`);
  },
);
