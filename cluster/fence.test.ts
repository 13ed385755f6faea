import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PeerIdentity } from '../certs/index.ts';
import { type Crossing, judgeCrossing, judgeOperatorFrame, judgePeer, nodeOf } from './fence.ts';
import { controlKinds, type FrameKind, isRoutedKind, routedKinds } from './frame-layout.ts';
import { isNodeName, tenantNodeName, tenantOfNode } from './names.ts';

const trustDomain = 'test.local';
const tenantA = 'abcdefghijkl';
const tenantB = 'bbcdefghijkl';
const node: PeerIdentity = { kind: 'node', trustDomain, role: 'core', name: 'core_1' };
const operator: PeerIdentity = { kind: 'operator', trustDomain, name: 'ann', rights: [] };
const ofTenant = (tenantId: string, role = 'poller', id = 'p'): PeerIdentity => {
  return { kind: 'tenant', trustDomain, tenantId, role, id };
};
const kinds = [...Object.keys(routedKinds), ...Object.keys(controlKinds)] as FrameKind[];
const access = { holds: ['poller'], doors: ['scheduler'] };

test('a tenant’s node has a link only where tenants’ nodes are taken, or at its own tenant’s', () => {
  const closed = { tenant: null, access: null };
  const open = { tenant: null, access };
  const own = { tenant: tenantA, access: null };
  const allowed = (identity: PeerIdentity) =>
    [closed, open, own].map((holder) => judgePeer(identity, holder).allowed);
  expect(allowed(node)).toEqual([true, true, true]);
  expect(allowed(operator)).toEqual([true, true, true]);
  expect(allowed(ofTenant(tenantA))).toEqual([false, true, true]);
  expect(allowed(ofTenant(tenantB))).toEqual([false, true, false]);
  for (const [role, id] of [
    ['core', 'c'],
    ['web', 'w'],
    ['poller', 'Has.Capitals'],
    ['poller', 'x'.repeat(51)],
  ] as const) {
    expect(allowed(ofTenant(tenantA, role, id))).toEqual([false, false, false]);
  }
});

test('a program in a customer’s network has no link, whatever the cluster grants, and is told why', () => {
  const holders = [
    { tenant: null, access: null },
    { tenant: null, access },
    { tenant: tenantA, access: null },
  ];
  for (const role of ['agent', 'collector', 'gateway', 'core', 'web', '']) {
    for (const holder of holders) {
      expect(judgePeer(ofTenant(tenantA, role), holder)).toMatchObject({
        allowed: false,
        code: 'not_a_node',
      });
    }
    expect(nodeOf(ofTenant(tenantA, role))).toBe(null);
  }
  for (const role of ['poller', 'node-agent']) {
    expect(judgePeer(ofTenant(tenantA, role), holders[0]!)).toMatchObject({ code: 'fenced' });
    expect(judgePeer(ofTenant(tenantA, role), holders[1]!)).toEqual({ allowed: true });
  }
});

test('of all kinds of frames an operator may send three', () => {
  expect(kinds.filter((kind) => judgeOperatorFrame(kind).allowed).sort()).toEqual([
    'close',
    'procedure_call',
    'procedure_cancel',
  ]);
});

const nodeName = fc.stringMatching(/^[a-z0-9_-]{1,50}$/);
const tenantId = fc.stringMatching(/^[a-z][a-z2-7]{11}$/);

test('no tenant’s node can have the name of a platform’s, or of another tenant’s', () => {
  fc.assert(
    fc.property(tenantId, tenantId, nodeName, nodeName, (one, other, first, second) => {
      const name = tenantNodeName(one, first)!;
      expect(isNodeName(name)).toBe(true);
      expect(tenantOfNode(name)).toBe(one);
      expect(tenantOfNode(second)).toBe(null);
      expect(name).not.toBe(second);
      if (one !== other) expect(name).not.toBe(tenantNodeName(other, second));
      expect(nodeOf(ofTenant(one, 'node-agent', first))).toEqual({ name, role: 'agent', tenant: one });
    }),
  );
});

test('what is no name of a node is no name of a tenant’s', () => {
  const names = fc.string({ maxLength: 70, unit: 'binary-ascii' });
  fc.assert(
    fc.property(fc.oneof(tenantId, names), names, (one, name) => {
      const whole = tenantNodeName(one, name);
      if (whole !== null) expect(isNodeName(whole)).toBe(true);
      if (isNodeName(`${one}.${name}`)) expect(whole).toBe(`${one}.${name}`);
    }),
  );
  expect(isNodeName('core_1.core_2')).toBe(false);
  expect(isNodeName(`${tenantA}.`)).toBe(false);
  expect(isNodeName(`${tenantA}.a.b`)).toBe(false);
});

const near = { node: 'core_1', boot: 5, isTenants: false };
const far = { node: `${tenantA}.p`, boot: 7, isTenants: true };
const yes = () => true;
const no = () => false;
const fieldsOf = fc.record({
  toBoot: fc.constantFrom(4, 5, 6, 7),
  toId: fc.nat(9),
  origin: fc.constantFrom('core_1', 'core_2', far.node, `${tenantB}.p`),
  boot: fc.constantFrom(4, 5, 6, 7),
  tenant: fc.constantFrom(tenantA, tenantB, 'platform'),
  name: fc.constantFrom('open', 'closed'),
});
const crossings = fc.record({
  kind: fc.constantFrom(...kinds),
  fields: fieldsOf,
  mayAddress: fc.constantFrom(yes, no),
  mayCall: fc.constantFrom(yes, no),
});
const fromTenant = { tenant: tenantA, sender: far, receiver: near };

test('whatever it sends: no shard but its own, no actor but those it may address, no word of others', () => {
  fc.assert(
    fc.property(crossings, (one) => {
      const { kind, fields } = one;
      if (judgeCrossing({ ...fromTenant, ...one }) !== null) return;
      if (kind === 'registry_delta')
        expect([fields.origin, fields.boot, fields.tenant]).toEqual([far.node, far.boot, tenantA]);
      if (kind === 'registry_fetch')
        expect([fields.origin, fields.boot, fields.tenant]).toEqual([near.node, near.boot, tenantA]);
      if (isRoutedKind(kind) && kind !== 'reply' && kind !== 'reply_error')
        expect([fields.toBoot, one.mayAddress]).toEqual([near.boot, yes]);
      if (kind === 'procedure_call') expect(one.mayCall).toBe(yes);
      expect(['view', 'probe', 'probe_alive', 'registry_origins', 'registry_heads']).not.toContain(kind);
      expect(['publish', 'subscribe', 'unsubscribe', 'hello', 'welcome']).not.toContain(kind);
      expect(['procedure_reply', 'procedure_error']).not.toContain(kind);
    }),
  );
});

test('whatever it is sent: shards of its tenant as their origin tells them, and nothing of others', () => {
  fc.assert(
    fc.property(crossings, ({ kind, fields }) => {
      const crossing: Crossing = {
        ...{ tenant: tenantA, sender: near, receiver: far },
        ...{ kind, fields, mayAddress: yes, mayCall: yes },
      };
      if (judgeCrossing(crossing) !== null) return;
      if (kind.startsWith('registry_')) expect(fields.tenant).toBe(tenantA);
      if (kind === 'registry_delta') expect([fields.origin, fields.boot]).toEqual([near.node, near.boot]);
      expect(['probe', 'probe_alive', 'registry_origins', 'registry_heads']).not.toContain(kind);
      expect(['procedure_call', 'publish', 'subscribe', 'hello']).not.toContain(kind);
    }),
  );
});

test('each kind of frame is refused by its own rule', () => {
  const nothing = { fields: {}, mayAddress: no, mayCall: no };
  const rules = Object.fromEntries(
    kinds.map((kind) => [kind, judgeCrossing({ ...fromTenant, kind, ...nothing })]),
  );
  expect(rules).toEqual({
    ...{ cast: 'target', call: 'target', reply: null, reply_error: null, monitor: 'target' },
    ...{ demonitor: 'target', down: 'target', link: 'target', unlink: 'target', exit: 'target' },
    ...{ hello: 'kind', welcome: 'kind', close: null, heartbeat: null, view: 'kind', probe: 'kind' },
    ...{ probe_alive: 'kind', leaving: null, retire: null, credential: null, part: null },
    ...{ registry_origins: 'kind', registry_heads: 'kind', registry_delta: 'shard' },
    ...{ registry_fetch: 'shard', procedure_call: 'procedure', procedure_reply: 'kind' },
    ...{ procedure_error: 'kind', procedure_cancel: null, publish: 'kind', subscribe: 'kind' },
    ...{ unsubscribe: 'kind', supervisor: 'kind' },
  });
});
