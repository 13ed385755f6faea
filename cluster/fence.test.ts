import { expect, test } from 'vitest';
import type { PeerIdentity } from '../certs/index.ts';
import { judgeFrame, judgePeer } from './fence.ts';
import { controlKinds, type FrameKind, routedKinds } from './frame-layout.ts';

const trustDomain = 'test.local';
const node: PeerIdentity = { kind: 'node', trustDomain, role: 'core', name: 'core_1' };
const operator: PeerIdentity = { kind: 'operator', trustDomain, name: 'ann', rights: [] };
const tenant: PeerIdentity = {
  kind: 'tenant',
  trustDomain,
  tenantId: 'abcdefghijkl',
  role: 'poller',
  id: 'p',
};
const kinds = [...Object.keys(routedKinds), ...Object.keys(controlKinds)] as FrameKind[];

test('nodes and operators may have a link, a tenant’s node may not', () => {
  expect([node, operator, tenant].map((identity) => judgePeer(identity).allowed)).toEqual([
    true,
    true,
    false,
  ]);
});

test('of all kinds of frames an operator may send three, a tenant none', () => {
  const allowed = (identity: PeerIdentity) => kinds.filter((kind) => judgeFrame(identity, kind).allowed);
  expect(allowed(node)).toEqual(kinds);
  expect(allowed(operator).sort()).toEqual(['close', 'procedure_call', 'procedure_cancel']);
  expect(allowed(tenant)).toEqual([]);
});
