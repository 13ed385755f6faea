import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  type Credential,
  createAuthority,
  issueNode,
  issueOperator,
  readAuthority,
  readCredential,
} from '../../certs/index.ts';
import { createFrameReader } from '../../cluster/frame-reader.ts';
import { type ClusterError, connectOperator, tlsTransport } from '../../cluster/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type Cluster, cluster, type MemberRow, type UpAnswer, until } from './picket.ts';

const clock = systemClock();
const dayMs = 86_400_000;
const yesterday = { wallMs: () => clock.wallMs() - dayMs };
const closeMs = 10_000;

let picket: Cluster;
let up: UpAnswer;
let ours: Authority;
let another: Authority;

beforeAll(async () => {
  picket = await cluster('core=1,web=0,poller=1,agent=1');
  up = await picket.up();
  ours = await readAuthority(join(picket.data, 'authority'));
  another = await createAuthority(ours.trustDomain, clock);
});
afterAll(() => picket.close());

const addressOf = (node: string) => up.nodes.find(({ name }) => name === node)!.address;

interface LogLine {
  msg: string;
  code?: string;
  detail?: string;
}

function refusalsOf(node: string): LogLine[] {
  const lines = readFileSync(join(picket.data, `logs/${node}.log`), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as LogLine).filter(({ msg }) => msg === 'peer refused');
}

/** The code of a refusal that the node's log did not have before. */
async function logged(node: string, before: number): Promise<string | undefined> {
  const lines = await until(`a refusal in the log of ${node}`, closeMs, () => {
    const seen = refusalsOf(node);
    return seen.length > before && seen;
  });
  return lines[before]!.code;
}

/** What the link is refused with, on the dialling side. */
async function refusalOf(node: string, credential: Credential): Promise<ClusterError> {
  const { trustDomain } = ours;
  const log = () => {};
  const transport = tlsTransport({ credential: () => credential, trustDomain, listen: null, clock, log });
  try {
    const client = await connectOperator(transport, clock, addressOf(node));
    await client.close();
    throw new Error(`${node} took the link`);
  } catch (error) {
    return error as ClusterError;
  } finally {
    await transport.close();
  }
}

/** Connects by TLS with no certificate of its own, and reads the frame that it is sent away with. */
function sentAway(node: string): Promise<{ code: string; detail: string }> {
  const [host, port] = addressOf(node).split(':');
  const reader = createFrameReader();
  return new Promise((done, fail) => {
    const socket = connect({
      host: host!,
      port: Number(port),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    socket.setTimeout(closeMs, () => socket.destroy(new Error('the link stays open')));
    socket.on('error', fail);
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      const frame = reader.next();
      if (frame?.kind === 'close') done(frame.header);
      else fail(new Error(`the first frame is ${frame?.kind}`));
    });
    socket.on('close', () => fail(new Error('closed without a word')));
  });
}

async function servesOperators(): Promise<void> {
  const members = await picket.ask<MemberRow[]>('members');
  expect(members.map(({ name, status }) => `${name} ${status}`)).toEqual(
    up.nodes.map(({ name }) => `${name} up`).sort(),
  );
}

describe.each(['core_1', 'poller_1'])('a link to %s', (node) => {
  test('without a certificate is refused, and both sides know why', async () => {
    const before = refusalsOf(node).length;
    const { code, detail } = await sentAway(node);
    expect(code).toBe('refused');
    expect(detail).toMatch(/^no_certificate: /);
    expect(await logged(node, before)).toBe('no_certificate');
    await servesOperators();
  });

  test("with a certificate of another authority is refused, also one with our nodes' names", async () => {
    const { rootsPem } = await readCredential(join(picket.data, 'credentials'), 'operator');
    const rights = ['read', 'write'];
    for (const stranger of [
      await issueOperator(another, { name: 'operator', rights }, clock),
      await issueNode(another, { role: 'core', name: 'core_1' }, clock),
    ]) {
      const before = refusalsOf(node).length;
      const error = await refusalOf(node, { ...stranger, rootsPem });
      expect([error.code, error.message]).toEqual([
        'refused',
        expect.stringContaining('unknown_authority: '),
      ]);
      expect(await logged(node, before)).toBe('unknown_authority');
    }
    await servesOperators();
  });

  test('with a certificate that has expired is refused', async () => {
    const operator = { name: 'operator', rights: ['read', 'write'], lifetimeMs: dayMs / 2 };
    const before = refusalsOf(node).length;
    const error = await refusalOf(node, await issueOperator(ours, operator, yesterday));
    expect([error.code, error.message]).toEqual(['refused', expect.stringContaining('expired: ')]);
    expect(await logged(node, before)).toBe('expired');
    await servesOperators();
  });

  test('of somebody who asks for an older TLS or speaks none at all harms nothing', async () => {
    const [host, port] = addressOf(node).split(':');
    const ended = new Promise<string>((done) => {
      const options = {
        host: host!,
        port: Number(port),
        rejectUnauthorized: false,
        maxVersion: 'TLSv1.2',
      } as const;
      const socket = connect(options, () => done('taken'));
      socket.on('error', (error) => done(error.message));
    });
    expect(await ended).toMatch(/alert|version|reset/i);
    await servesOperators();
  });
});
