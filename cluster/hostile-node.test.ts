import { expect, test } from 'vitest';
import type { PeerIdentity } from '../certs/index.ts';
import { ActorSystem, manualClock, Recorder, Ref } from '../runtime/index.ts';
import { ActorLabels } from './actor-labels.ts';
import { readAddress } from './address.ts';
import { Directory } from './directory.ts';
import type { ControlFrame } from './frame.ts';
import { readView } from './membership-view.ts';
import { Procedures } from './procedures.ts';
import { actorCodec } from './router.ts';

const codec = actorCodec();

function directory() {
  const life = { clock: manualClock(), node: 'core_1', boot: 5 };
  return new Directory({
    system: new ActorSystem(life),
    codec,
    recorder: new Recorder(life),
    linkTo: () => null,
    nodeLinks: () => [],
    contested: () => {},
    labels: new ActorLabels([]),
    holds: [],
  });
}

function delta(ref: unknown, metadata: unknown): ControlFrame {
  const put = ['default', 'poller', 'p', ref, metadata, 1, 1, false];
  return {
    kind: 'registry_delta',
    flags: 0,
    header: { boot: 7, origin: 'poller_1', tenant: 'platform' },
    payload: codec.encode([0, 1, 0, [put], []]),
  };
}

test('a name must lead to an actor of the node and boot that wrote it', () => {
  const key = { tenant: 'platform', partition: 'default', kind: 'poller', id: 'p' };
  const good = directory();
  expect(good.receive('poller_1', delta(new Ref('poller_1', 7, 3), { status: 'available' }))).toBe('taken');
  expect(good.lookup(key)).toEqual(new Ref('poller_1', 7, 3));
  for (const [ref, metadata] of [
    [null, {}],
    ['poller_1', {}],
    [new Ref('core_1', 7, 3), {}],
    [new Ref('poller_1', 6, 3), {}],
    [new Ref('poller_1', 7, 3), null],
    [new Ref('poller_1', 7, 3), []],
  ]) {
    const names = directory();
    expect(names.receive('poller_1', delta(ref, metadata))).toBe('unreadable');
    expect(names.lookup(key)).toBe(null);
  }
});

test.each([
  '',
  'garbage no port',
  'host',
  'host:',
  ':1',
  'host:70000',
  'host:1:2',
  'a b:1',
  'x'.repeat(400),
  5,
  null,
])('the address %j is none', (address) => {
  expect(readAddress(address)).toBe(null);
  const entry = {
    name: 'a',
    role: 'core',
    boot: 1,
    address,
    tenant: null,
    status: 'up',
    incarnation: 0,
    ageMs: 0,
  };
  expect(readView([entry])).toBe(null);
  expect(readView([{ ...entry, address: '127.0.0.1:1' }])).toHaveLength(1);
});

test('rights decide what an operator may call, also through another node', async () => {
  const procedures = new Procedures(codec, manualClock());
  const ran: string[] = [];
  for (const access of ['read', 'write', 'node'] as const) {
    procedures.declare(access, { access, run: () => ran.push(access) });
  }
  const relayed = async (identity: PeerIdentity, name: string) => {
    const node: PeerIdentity = { kind: 'node', trustDomain: 't', role: 'core', name: 'core_2' };
    const request = { name, argument: null, caller: { identity, address: '' } };
    return await procedures.run('relayed', request, { identity: node, address: '' }).then(
      () => 'ran',
      (error: { code: string }) => error.code,
    );
  };
  const operator = (...rights: string[]): PeerIdentity => ({
    kind: 'operator',
    trustDomain: 't',
    name: 'ann',
    rights,
  });
  const outcomes = async (identity: PeerIdentity) =>
    await Promise.all(['read', 'write', 'node'].map((name) => relayed(identity, name)));
  expect(await outcomes(operator())).toEqual(Array(3).fill('procedure_denied'));
  expect(await outcomes(operator('read'))).toEqual(['ran', 'procedure_denied', 'procedure_denied']);
  expect(await outcomes(operator('read', 'write'))).toEqual(['ran', 'ran', 'procedure_denied']);
  expect(ran).toEqual(['read', 'read', 'write']);
});
