/** Agents of the older kind, played from field numbers alone, dialled by us: what they say comes home, and what is hostile does not. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolledTarget, PollJob, SourceDialler } from '../../actors/messages.ts';
import { createIntermediate, issueLeaf, issueNode, rootsOf, toPem } from '../../certs/index.ts';
import {
  createForeignWorld,
  olderCommonName,
  olderDomain,
  olderId,
} from '../../certs/testing/foreign-world.ts';
import { createWorld } from '../../certs/testing/world.ts';
import { openSourceDialler } from '../../edge/index.ts';
import type { EdgeTrust } from '../../edge/listener.ts';
import { openStage, playTenant, type Stage, tenantA, tenantB } from '../../edge/testing/stage.ts';
import { type Behaviour, listenAsAgent, type PlainAgent } from './plain-agent.ts';
import { message } from './plain-protobuf.ts';
import { playDesk } from './played-desk.ts';

let stage: Stage;
let core: ReturnType<typeof playTenant>;
let documents: ReturnType<typeof playDesk>['documents'];
let dialler: SourceDialler;
let open: (pollMs: number) => SourceDialler;
const agents: PlainAgent[] = [];

beforeEach(async () => {
  stage = await openStage();
  core = playTenant(stage, tenantA);
  ({ documents } = playDesk(stage));
  const own = await issueNode(stage.authority, { role: 'poller', name: 'poller_1' }, stage.clock);
  const trust: EdgeTrust = {
    trustDomain: 'test.local',
    credential: () => own,
    roots: () => rootsOf(own),
    policy: () => undefined,
    revocationLists: () => [],
  };
  const { system, cluster, clock } = stage;
  const needs = { system, cluster, clock, log: () => {}, trust };
  open = (pollMs) => openSourceDialler({ ...needs, pollMs, testMs: pollMs });
  dialler = open(20_000);
});
afterEach(async () => {
  dialler.close();
  for (const agent of agents.splice(0)) await agent.close();
  await stage.close();
});

async function agentTls(tenantId = tenantA, id = 'edge-7', role = 'agent') {
  const { root } = stage.authority;
  const issuer = await createIntermediate(root, 'test.local', { kind: 'tenant', tenantId }, stage.clock);
  const identity = { kind: 'tenant', trustDomain: 'test.local', tenantId, role, id } as const;
  const leaf = await issueLeaf(root, issuer, { identity }, stage.clock);
  return { cert: leaf.chainPem, key: leaf.privateKeyPem };
}

async function listen(behave: Behaviour, tls?: Awaited<ReturnType<typeof agentTls>>): Promise<PlainAgent> {
  const agent = await listenAsAgent(tls ?? (await agentTls()), behave);
  agents.push(agent);
  return agent;
}

const service = (type: string, name: string, results = false, details = ''): PolledTarget => ({
  ...{ type, name, details, results },
});

function jobFor({ port }: { port: number }, services: PolledTarget[], more: Partial<PollJob> = {}): PollJob {
  const address = `127.0.0.1:${port}`;
  const times = { createdAtMs: 0, updatedAtMs: 0, archivedAtMs: null };
  const source = {
    ...{ id: 'src_a', version: 1, address, partition: 'default', agentId: null, tlsName: null },
    ...{ intervalMs: 30_000, services, ...times },
  };
  const trusted = { authorities: [], client: null, allowAll: true, dry: false };
  return { tenantId: tenantA, epoch: 1, number: 1, source, sequences: {}, ...trusted, ...more };
}

const poll = (job: PollJob) => dialler.poll(job, new AbortController().signal);

const status = (text: string) =>
  message([1, true], [2, text], [3, 'web'], [4, 'port'], [5, 7_000_000], [6, 'edge-7']);
const chunk = (data: string, index: number, total: number, sequence = 's1', isFinal = index === total - 1) =>
  message([1, data], [2, isFinal], [3, index], [4, total], [5, sequence], [6, 1_780_000_000]);
const sweep = (hosts: number, from: number) =>
  JSON.stringify({
    ...{ network: '192.0.2.0/24', total_hosts: 3_000, available_hosts: 3_000, last_sweep: 1_780_000_000 },
    ports: [{ port: 443, available: 12 }],
    hosts: Array.from({ length: hosts }, (_, at) => ({ host: `h${from + at}`, available: true })),
  });

describe('an agent that only listens', () => {
  it('is asked how its services are, and what it says are results of the checks of that name', async () => {
    const agent = await listen((_question, answer) => {
      answer.send(status('{"available":false,"error":"refused"}'));
      answer.end();
    });
    const report = await poll(jobFor(agent, [service('port', 'web', false, '192.0.2.1:80')]));
    expect(report).toMatchObject({ code: 'ok', agent: 'edge-7', services: [{ name: 'web', code: 'ok' }] });
    expect(agent.asked).toEqual([
      {
        ...{ rpc: 'GetStatus', name: 'web', type: 'port', agentId: 'edge-7', gatewayId: 'poller_1' },
        ...{ details: '192.0.2.1:80', lastSequence: '' },
      },
    ]);
    expect(core.rows).toMatchObject([
      {
        checkId: 'c1',
        status: 'critical',
        reason: 'agent_says: refused',
        agent: 'edge-7',
        poller: 'poller_1',
      },
    ]);
    await poll(jobFor(agent, [service('port', 'web')]));
    expect(agent.connections()).toBe(1);
  });

  it('is an error where its message is no JSON, although it says that it is available', async () => {
    const agent = await listen((_question, answer) => {
      answer.send(status('all is well'));
      answer.end();
    });
    const report = await poll(jobFor(agent, [service('port', 'web')]));
    expect(report.services).toMatchObject([{ code: 'bad_json' }]);
    expect(core.rows).toMatchObject([
      { status: 'critical', reason: 'agent_says: bad_json: the message is no JSON' },
    ]);
  });

  it('gives its results once: a sequence that was taken is nothing new', async () => {
    const agent = await listen((question, answer) => {
      if (question.rpc === 'GetStatus') answer.send(status('{"available":true}'));
      else {
        const isNew = question.lastSequence !== '7';
        answer.send(message([1, true], [2, '[{"a":1}]'], [9, '7'], [10, isNew]));
      }
      answer.end();
    });
    const services = [service('snmp', 'web', true)];
    const first = await poll(jobFor(agent, services));
    expect(first.services).toMatchObject([{ code: 'ok', sequence: '7' }]);
    const again = await poll(jobFor(agent, services, { sequences: { 'snmp\tweb': '7' } }));
    expect(again.services).toMatchObject([{ code: 'nothing_new', sequence: '7' }]);
    expect(agent.asked.filter(({ rpc }) => rpc === 'GetResults').map((one) => one.lastSequence)).toEqual([
      '',
      '7',
    ]);
  });

  it('streams a sweep of 3,000 hosts in chunks of 1,000', async () => {
    const agent = await listen((question, answer) => {
      if (question.rpc === 'GetStatus') answer.send(status('{"available":true}'));
      else for (const at of [0, 1, 2]) answer.send(chunk(sweep(1_000, at * 1_000), at, 3));
      answer.end();
    });
    const report = await poll(jobFor(agent, [service('sweep', 'web', true)]));
    expect(report).toMatchObject({ code: 'ok', services: [{ code: 'ok', sequence: 's1' }] });
    const kept = await documents.list(tenantA, 10);
    expect(kept).toMatchObject([{ kind: 'sweep', service: 'web', receivedAtMs: expect.any(Number) }]);
  });

  it('has nothing new to stream: one final chunk without data', async () => {
    const agent = await listen((question, answer) => {
      if (question.rpc === 'GetStatus') answer.send(status('{"available":true}'));
      else answer.send(chunk('', 0, 1, 's4'));
      answer.end();
    });
    const report = await poll(
      jobFor(agent, [service('sync', 'web', true)], { sequences: { 'sync\tweb': 's4' } }),
    );
    expect(report.services).toMatchObject([{ code: 'nothing_new', sequence: 's4' }]);
  });

  it('is tested without anything being kept', async () => {
    const agent = await listen((_question, answer) => {
      answer.send(status('{"available":true}'));
      answer.end();
    });
    expect(await poll(jobFor(agent, [service('port', 'web')], { dry: true }))).toMatchObject({ code: 'ok' });
    expect(core.rows).toEqual([]);
  });

  it('is not gone to where shared pollers may not go', async () => {
    const agent = await listen(() => {});
    const report = await poll(jobFor(agent, [service('port', 'web')], { allowAll: false }));
    expect(report).toMatchObject({ code: 'target_not_allowed', agent: null });
    expect(agent.connections()).toBe(0);
  });
});

describe('a certificate of the older shape', () => {
  const world = createWorld(Date.now());
  const foreign = createForeignWorld(world);
  const older = (id = olderId, commonName = olderCommonName) => {
    const leaf = foreign.older(foreign.olderAuthority, id, commonName);
    const key = leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert: toPem(leaf.der, 'CERTIFICATE'), key };
  };
  const authority = {
    slug: 'acme',
    trustDomain: olderDomain,
    certificatesPem: toPem(foreign.olderAuthority.der, 'CERTIFICATE'),
  };
  const answer: Behaviour = (_question, answer) => {
    answer.send(status('{"available":true}'));
    answer.end();
  };
  const east = (port: number) => {
    const job = jobFor({ port }, [service('port', 'web')], { authorities: [authority] });
    return { ...job, source: { ...job.source, partition: 'east' } };
  };

  it('is taken under an authority that was imported for the tenant, and only there', async () => {
    const agent = await listen(answer, older());
    expect(await poll(east(agent.port))).toMatchObject({ code: 'ok', agent: 'edge-7' });
    dialler.close();
    expect(await poll({ ...east(agent.port), authorities: [] })).toMatchObject({
      code: 'certificate_refused',
      detail: expect.stringContaining('unknown_authority'),
    });
    const elsewhere = { ...east(agent.port), authorities: [{ ...authority, slug: 'acm' }] };
    expect(await poll(elsewhere)).toMatchObject({ code: 'certificate_refused' });
    expect(await poll(jobFor(agent, [service('port', 'web')], { authorities: [authority] }))).toMatchObject({
      code: 'wrong_agent',
    });
  });

  it('is no longer taken on a connection that is open when its authority is revoked', async () => {
    const agent = await listen(answer, older());
    await poll(east(agent.port));
    expect(await poll({ ...east(agent.port), authorities: [] })).toMatchObject({
      code: 'certificate_refused',
    });
  });

  it('is shown what the operator brought for it, and takes nobody else', async () => {
    const ours = older(
      `spiffe://${olderDomain}/poller/acme/east/poller-1`,
      'poller-1.east.acme.serviceradar',
    );
    const agent = await listen(answer, { ...older(), ca: authority.certificatesPem } as never);
    const client = { chainPem: ours.cert, privateKeyPem: ours.key };
    expect(await poll({ ...east(agent.port), client })).toMatchObject({ code: 'ok', agent: 'edge-7' });
    expect(await poll(east(agent.port))).toMatchObject({
      code: expect.stringMatching(/^(handshake_failed|connection_lost)$/),
    });
  });
});

describe('a hostile agent', () => {
  const streams =
    (send: Behaviour): Behaviour =>
    (question, answer) => {
      if (question.rpc !== 'GetStatus') return send(question, answer);
      answer.send(status('{"available":true}'));
      answer.end();
    };
  const outcome = async (behave: Behaviour, type = 'sweep') => {
    const agent = await listen(behave);
    return (await poll(jobFor(agent, [service(type, 'web', true)]))).services[0];
  };

  it('of another tenant, or of another role, is not asked', async () => {
    for (const tls of [await agentTls(tenantB), await agentTls(tenantA, 'edge-7', 'collector')]) {
      const agent = await listen(() => {}, tls);
      expect(await poll(jobFor(agent, [service('port', 'web')]))).toMatchObject({ code: 'wrong_agent' });
      expect(agent.asked).toEqual([]);
      dialler.close();
    }
    const agent = await listen(() => {});
    const job = jobFor(agent, [service('port', 'web')]);
    const other = { ...job, source: { ...job.source, agentId: 'edge-8' } };
    expect(await poll(other)).toMatchObject({ code: 'wrong_agent' });
  });

  it('that is silent is given up when the poll is over, and dialled anew', async () => {
    dialler.close();
    dialler = open(1_500);
    const agent = await listen((_question, answer) => {
      if (agent.connections() === 1) return;
      answer.send(status('{"available":true}'));
      answer.end();
    });
    const report = await poll(jobFor(agent, [service('port', 'web')]));
    expect(report).toMatchObject({ code: 'no_answer', services: [{ code: 'cancelled' }] });
    expect(await poll(jobFor(agent, [service('port', 'web')]))).toMatchObject({ code: 'ok' });
    expect(agent.connections()).toBe(2);
  });

  it('that takes connections and says nothing on them is given up', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    dialler = open(500);
    const job = jobFor(mute.address() as AddressInfo, [service('port', 'web')]);
    expect(await poll(job)).toMatchObject({ code: 'cancelled', agent: null, services: [] });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
    expect(await poll(job)).toMatchObject({ code: 'unreachable' });
  });

  it('that goes in the middle loses its answer alone', async () => {
    const found = await outcome(
      streams((_question, { send, stream }) => {
        send(chunk(sweep(1, 0), 0, 2));
        setImmediate(() => stream.session?.destroy());
      }),
    );
    expect(found).toMatchObject({ code: 'connection_lost', sequence: '' });
  });

  const sends =
    (...messages: Buffer[]): Behaviour =>
    (_question, { send, end }) => {
      for (const one of messages) send(one);
      end();
    };
  const raw =
    (...bytes: Buffer[]): Behaviour =>
    (_question, answer) => {
      answer.raw(Buffer.concat(bytes));
      answer.end();
    };

  it.each<[string, string, Behaviour]>([
    ['leaves a chunk out', 'bad_chunk', sends(chunk(sweep(1, 0), 0, 3), chunk(sweep(1, 1), 2, 3))],
    ['says another total', 'bad_chunk', sends(chunk(sweep(1, 0), 0, 3), chunk(sweep(1, 1), 1, 2))],
    ['ends without the final chunk', 'bad_chunk', sends(chunk(sweep(1, 0), 0, 2))],
    ['says nothing', 'bad_chunk', sends()],
    [
      'changes the sequence',
      'bad_chunk',
      sends(chunk(sweep(1, 0), 0, 2, 'a'), chunk(sweep(1, 1), 1, 2, 'b')),
    ],
    ['changes the head', 'bad_chunk', sends(chunk(sweep(1, 0), 0, 2), chunk('{"hosts":[]}', 1, 2))],
    ['says no JSON', 'bad_json', sends(chunk('{"hosts":[', 0, 1))],
    ['says a list where hosts were to be', 'bad_json', sends(chunk('[]', 0, 1))],
    ['says a message of 100 MB', 'too_large', raw(Buffer.of(0, 6, 0, 0, 0), Buffer.alloc(1_000))],
    ['compresses', 'bad_answer', raw(Buffer.of(1, 0, 0, 0, 1, 0))],
    ['says bytes that are no message', 'bad_answer', raw(Buffer.of(0, 0, 0, 0, 2, 0xff, 0xff))],
    ['ends within a message', 'bad_answer', raw(Buffer.of(0, 0, 0, 0, 9, 0x0a))],
    ['refuses', 'agent_refused', (_question, { end }) => end(12, 'no such rpc')],
    [
      'answers as a web server',
      'bad_answer',
      (_question, { stream }) => {
        stream.respond({ ':status': 404 });
        stream.end('no');
      },
    ],
  ])('that %s is told as %s, and nothing of it is kept', async (_what, code, behave) => {
    expect(await outcome(streams(behave))).toMatchObject({ code, sequence: '' });
  });

  it('that streams without end is stopped at what one document may hold', async () => {
    let sent = 0;
    const found = await outcome(
      streams((_question, { send, stream }) => {
        const text = sweep(8_000, 0);
        const more = () => {
          if (stream.destroyed) return;
          // As TCP would have it: no more than is taken.
          if (stream.writableLength < 1_000_000) {
            send(chunk(text, sent, 5_000));
            sent += 1;
          }
          setImmediate(more);
        };
        more();
      }),
    );
    expect(found).toMatchObject({ code: 'too_large', sequence: '' });
    expect(sent).toBeLessThan(200);
  });
});
