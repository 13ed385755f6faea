import { afterEach, describe, expect, test } from 'vitest';
import {
  type Authority,
  type Credential,
  createAuthority,
  createRevocationList,
  inspectPem,
  isRenewalProven,
  issueNode,
  issueOperator,
  proveRenewal,
  type RevocationList,
  readRevocationLists,
} from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import { ClusterNode, connectOperator, tlsTransport } from './index.ts';
import { dueForJudgement } from './link-judgement.ts';

const hourMs = 3_600_000;
const running: ClusterNode[] = [];
const logs: { node: string; message: string; fields: Record<string, unknown> }[] = [];
/** What the wall clocks of all nodes are ahead. */
const ahead = { ms: 0 };
const clock = { ...systemClock(), wallMs: () => Date.now() + ahead.ms };

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  logs.length = 0;
  ahead.ms = 0;
});

interface Started {
  readonly node: ClusterNode;
  readonly address: string;
  readonly transport: ReturnType<typeof tlsTransport>;
  readonly held: { credential: Credential; lists: readonly RevocationList[] };
}

async function startNode(ca: Authority, name: string, role: 'core' | 'poller', seeds: string[]) {
  const held: Started['held'] = { credential: await issueNode(ca, { role, name }, clock), lists: [] };
  const log = (_level: string, message: string, fields: Record<string, unknown>) => {
    logs.push({ node: name, message, fields });
  };
  const transport = tlsTransport({
    credential: () => held.credential,
    trustDomain: 'test.local',
    listen: '127.0.0.1:0',
    clock,
    revocationLists: () => held.lists,
    log,
  });
  const life = { boot: 1, pid: process.pid, advertise: null, onSuperseded: () => {} };
  const node = new ClusterNode({ name, role, seeds, transport, clock, log, ...life });
  running.push(node);
  return { node, address: await node.start(), transport, held } satisfies Started;
}

async function until(what: string, seen: () => boolean): Promise<void> {
  for (let turn = 0; !seen(); turn += 1) {
    if (turn > 2_000) throw new Error(`never: ${what}\n${JSON.stringify(logs.slice(-20))}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const serialOf = (credential: Credential): string => {
  const read = inspectPem(credential.chainPem);
  const first = read.ok ? read.certificates[0] : undefined;
  return first !== undefined && 'serial' in first ? first.serial : '';
};
const listOf = async (ca: Authority, serials: string[]) => {
  const read = readRevocationLists(await createRevocationList(ca.nodes, serials, clock));
  return read.ok ? read.lists : [];
};
const said = (node: string, code: string) =>
  logs.some((one) => one.node === node && `${one.fields.code} ${one.fields.detail}`.includes(code));
const live = (at: Started) => at.node.members.list().filter(({ status }) => status === 'up').length;

describe('an open link', () => {
  test('is lost when the certificate of its peer is revoked, and both logs have the code', async () => {
    const ca = await createAuthority('test.local', clock);
    const a = await startNode(ca, 'core_1', 'core', []);
    const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
    const c = await startNode(ca, 'poller_2', 'poller', [a.address]);
    await until('all three up', () => live(a) === 3 && live(c) === 3);
    // Everybody has the list: a node that still hears the revoked one would vouch for it.
    const lists = await listOf(ca, [serialOf(b.held.credential)]);
    for (const one of [a, c]) {
      one.held.lists = lists;
      one.transport.trustChanged();
    }
    await until('both logs', () => said('core_1', 'revoked') && said('poller_1', 'revoked'));
    await until('it is no longer up', () => a.node.members.live('poller').join() === 'poller_2');
    expect(
      logs.filter(({ node, fields }) => {
        return node === 'core_1' && fields.peer === 'node poller_2' && fields.code !== 'duplicate_link';
      }),
    ).toEqual([]);
    b.held.credential = await issueNode(ca, { role: 'poller', name: 'poller_1' }, clock);
    b.transport.renew();
    await until('it is back with another certificate', () => live(a) === 3);
  });

  test("is lost when an operator's certificate is revoked while it is connected", async () => {
    const ca = await createAuthority('test.local', clock);
    const a = await startNode(ca, 'core_1', 'core', []);
    const credential = await issueOperator(ca, { name: 'ann', rights: ['read'] }, clock);
    const of = {
      credential: () => credential,
      trustDomain: 'test.local',
      listen: null,
      clock,
      log: () => {},
    };
    const client = await connectOperator(tlsTransport(of), clock, a.address);
    expect(await client.call('members', null)).toHaveLength(1);
    const list = await createRevocationList(ca.operators, [serialOf(credential)], clock);
    const read = readRevocationLists(list);
    a.held.lists = read.ok ? read.lists : [];
    a.transport.trustChanged();
    await until('refused', () => said('core_1', 'revoked'));
    await expect(client.call('members', null)).rejects.toThrow();
    await client.close();
  });

  test('is lost when its certificate ends, and outlives a certificate that was renewed in time', async () => {
    const ca = await createAuthority('test.local', clock);
    const a = await startNode(ca, 'core_1', 'core', []);
    const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
    const c = await startNode(ca, 'poller_2', 'poller', [a.address]);
    await until('all three up', () => live(a) === 3 && live(b) === 3 && live(c) === 3);
    logs.length = 0;
    ahead.ms = 13 * hourMs;
    for (const [one, role, name] of [
      [a, 'core', 'core_1'],
      [b, 'poller', 'poller_1'],
    ] as const) {
      one.held.credential = await issueNode(ca, { role, name }, clock);
      one.transport.renew();
    }
    const renewals = (node: string) =>
      logs.filter((one) => one.node === node && one.message === 'peer renewed its certificate').length;
    await until(
      'proofs',
      () => renewals('core_1') === 1 && renewals('poller_1') === 1 && renewals('poller_2') === 2,
    );
    ahead.ms = 25 * hourMs;
    await until(
      'the one that was not renewed',
      () => said('core_1', 'expired') && said('poller_2', 'expired'),
    );
    const ended = logs.filter(({ message }) => message === 'link ended');
    expect(ended.filter(({ node, fields }) => node === 'core_1' && fields.peer === 'node poller_1')).toEqual(
      [],
    );
    expect(ended.filter(({ node, fields }) => node === 'poller_1' && fields.peer === 'node core_1')).toEqual(
      [],
    );
  });

  test('ends when a peer proves a certificate of another, or one that is not its own', async () => {
    const ca = await createAuthority('test.local', clock);
    const another = await issueNode(ca, { role: 'core', name: 'core_2' }, clock);
    const itself = await issueNode(ca, { role: 'poller', name: 'poller_1' }, clock);
    for (const [code, shown] of [
      ['issuer_not_role', another],
      // Its own name and a good chain, and another's key.
      ['chain_invalid', { ...itself, privateKeyPem: another.privateKeyPem }],
    ] as const) {
      const a = await startNode(ca, 'core_1', 'core', []);
      const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
      await until('both up', () => live(a) === 2 && live(b) === 2);
      b.transport.renew();
      b.held.credential = shown;
      await until(code, () => said('core_1', code) && said('poller_1', code));
      await Promise.all(running.splice(0).map((node) => node.stop()));
      logs.length = 0;
    }
  });
});

describe('a proof of renewal', () => {
  test('is worth nothing for another connection', async () => {
    const ca = await createAuthority('test.local', clock);
    const credential = await issueNode(ca, { role: 'core', name: 'core_1' }, clock);
    const binding = new Uint8Array(32).fill(1);
    const proof = proveRenewal(credential, binding)!;
    expect(isRenewalProven(proof, binding)).toBe(true);
    expect(isRenewalProven(proof, new Uint8Array(32).fill(2))).toBe(false);
    expect(isRenewalProven({ ...proof, signature: proof.signature.subarray(1) }, binding)).toBe(false);
    expect(isRenewalProven({ ...proof, chain: proof.chain.slice(1) }, binding)).toBe(false);
    expect(isRenewalProven({ ...proof, chain: [] }, binding)).toBe(false);
  });
});

describe('judging again', () => {
  const one = (trustVersion: number, notAfterMs: number) => ({ trustVersion, notAfterMs });

  test('is due when a certificate has ended or what is trusted has changed, and for no other link', () => {
    const links = [one(1, 100), one(2, 100), one(2, 50), one(2, 49)];
    expect(dueForJudgement(links, { trustVersion: 2, wallMs: 50 }, 10)).toEqual([links[0], links[3]]);
  });

  test('takes no more than it is allowed in one turn', () => {
    const links = Array.from({ length: 9 }, () => one(1, 100));
    expect(dueForJudgement(links, { trustVersion: 2, wallMs: 0 }, 4)).toHaveLength(4);
  });
});
