/** A tenant's node in a simulated cluster: it speaks the whole protocol, and nothing of what it says has an effect. */
import { expect, it } from 'vitest';
import { encodeControlHead, encodeRoutedHead } from '../../cluster/frame.ts';
import { actorCodec } from '../../cluster/index.ts';
import type { Connection } from '../../cluster/transport.ts';
import { Ref } from '../../runtime/index.ts';
import { outsidePromises, type Process } from './event-loop.ts';
import { type WorkerProbe, worker } from './worker.ts';
import { World } from './world.ts';

const codec = actorCodec();

/** Everything that a node could send: hello, a name of its own, and a message for an actor. */
function speech(target: Ref): Uint8Array[] {
  const greeting = { boot: 9, address: '10.9.9.9:7000', pid: 1, knows: [], link: 1, lost: 0 };
  const hello = codec.encode(greeting);
  const row = ['sim', 'own', 'stolen', new Ref('node_1', 9, 1), {}, 1, 1, false];
  const delta = codec.encode([0, 1, 0, [row], []]);
  const cast = codec.encode(['tell', [target, 'intruder', 9, 1]]);
  const header = { toBoot: target.boot, toId: target.id, fromId: 0, callId: 0, timeoutMs: 0 };
  return [
    encodeControlHead('hello', { version: 1, versionMin: 1, boot: 9 }, hello.length),
    hello,
    encodeControlHead('registry_delta', { boot: 9, origin: 'node_1', tenant: 'acme' }, delta.length),
    delta,
    encodeRoutedHead('cast', header, cast.length),
    cast,
  ];
}

it('hears nothing from a node of a tenant, and ends its link', async () => {
  const { told, names, ended } = await outsidePromises(() => {
    const world = new World(3, 2);
    world.withLoad = false;
    world.store = null;
    const [life] = world.sites.map((site) => world.start(site));
    world.loop.runUntil(2_000);
    const heard: number[] = [];
    const probe: WorkerProbe = {
      started() {},
      astray() {},
      told: (_to, _from, _boot, one) => void heard.push(one),
    };
    const target = life!.node.system.spawn(worker, probe, 'thing');
    const identity = {
      kind: 'tenant',
      trustDomain: 'sim.local',
      tenantId: 'abcdefghijkl',
      role: 'agent',
      id: 'intruder',
    } as const;
    const host = world.network.addHost('intruder', identity);
    const process: Process = { name: 'intruder', ended: false, paused: false, held: [] };
    const reasons: string[] = [];
    const speak = (connection: Connection) => {
      connection.handle({ data() {}, drained() {}, closed: (reason) => void reasons.push(reason) });
      connection.write(speech(target));
    };
    const { address } = life!.site.host;
    world.network.dial(host, process, address, speak, ({ code }) => void reasons.push(code));
    world.loop.runUntil(4_000);
    return { told: heard, names: life!.node.names.list({ tenant: 'acme' }), ended: reasons };
  });
  expect(told).toEqual([]);
  expect(names).toEqual([]);
  expect(ended).toEqual(['closed by the peer']);
});
