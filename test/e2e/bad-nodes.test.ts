/** Nodes that should not be as they are: of another version, with another's name, with a wrong clock, seeded with themselves. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ahead, speaking } from './altered.ts';
import { type NodeProcess, type NodeProcesses, nodeProcesses } from './discovery-nodes.ts';
import { freePort, until } from './picket.ts';

const seenMs = 30_000;
const hourMs = 3_600_000;

let nodes: NodeProcesses;
let folder: string;
let address: string;
let first: NodeProcess;

beforeEach(async () => {
  nodes = await nodeProcesses();
  folder = mkdtempSync(join(tmpdir(), 'picket-altered-'));
  address = `127.0.0.1:${await freePort()}`;
  first = await nodes.start('poller_1', address, []);
});
afterEach(async () => {
  await nodes.close();
  rmSync(folder, { recursive: true });
});

const seeded = async (name: string, environment: Record<string, string> = {}) =>
  await nodes.start(name, `127.0.0.1:${await freePort()}`, ['--seed', address], { environment });
/** The codes with which links of that node ended, and what was said with them. */
const endings = (node: NodeProcess) =>
  node.log().flatMap(({ msg, code, detail }) => (msg === 'link ended' ? [`${code}: ${detail}`] : []));
const bothSay = (other: NodeProcess, text: RegExp) =>
  until(`both logs to have ${text}`, seenMs, () =>
    [first, other].every((node) => endings(node).some((ending) => text.test(ending))),
  );

describe('a node of another protocol version', () => {
  test.each([
    ['older', 1, 1, /protocol_version: peer speaks (1 to 1, we speak 2 to 2|2 to 2, we speak 1 to 1)/],
    ['newer', 3, 3, /protocol_version: peer speaks (3 to 3, we speak 2 to 2|2 to 2, we speak 3 to 3)/],
  ])('that is %s is refused, and both logs have what each speaks', async (_which, version, least, text) => {
    const other = await seeded('poller_2', speaking(folder, version, least));
    await bothSay(other, text);
    expect([first.sees(), other.sees()]).toEqual([[], []]);
    expect([first.child.exitCode, other.child.exitCode]).toEqual([null, null]);
    // It harms nobody else.
    const third = await seeded('agent_1');
    await nodes.full([first, third]);
  });

  test('that still speaks this one is taken', async () => {
    await nodes.full([first, await seeded('poller_2', speaking(folder, 3, 2))]);
  });
});

test('of two processes with one name the later stays, and the other ends and says why', async () => {
  const second = await seeded('agent_1');
  await nodes.full([first, second]);
  const third = await seeded('agent_1');
  const [status] =
    second.child.exitCode === null ? await once(second.child, 'exit') : [second.child.exitCode];
  expect(status).toBe(1);
  expect(second.log().at(-1)).toMatchObject({ msg: 'another process has this node name: this one ends' });
  await nodes.full([first, third]);
  const told = first.log().filter(({ msg }) => msg === 'agent_1 is up');
  expect(told.at(-1)!.because).toMatch(/^restarted with boot/);
  expect(third.child.exitCode).toBe(null);
});

describe('a node whose clock', () => {
  test('is an hour ahead is taken as any other', async () => {
    const other = await seeded('poller_2', ahead(folder, hourMs));
    await nodes.full([first, other]);
  });

  test('is an hour behind refuses certificates that were issued since, and both logs have both times', async () => {
    const other = await seeded('poller_2', ahead(folder, -hourMs));
    await bothSay(other, /refused: not_yet_valid: begins \S+Z, judged at \S+Z/);
    expect([first.sees(), other.sees()]).toEqual([[], []]);
    expect([first.child.exitCode, other.child.exitCode]).toEqual([null, null]);
  });

  test('is past the end of the certificates refuses them as expired, and both logs have both times', async () => {
    const other = await seeded('poller_2', ahead(folder, 40 * 24 * hourMs));
    await bothSay(other, /refused: expired: ended \S+Z, judged at \S+Z/);
    expect([first.sees(), other.sees()]).toEqual([[], []]);
  });
});

test('a node that is given its own address as a seed, in another spelling, takes itself for nobody', async () => {
  const port = await freePort();
  const seeds = ['--seed', `localhost:${port}`, '--seed', `127.0.0.1:${port}`, '--seed', address];
  const other = await nodes.start('poller_2', `127.0.0.1:${port}`, seeds);
  await nodes.full([first, other]);
  expect(other.log().filter(({ msg }) => msg === 'poller_2 is up')).toEqual([]);
  expect(other.log().some(({ msg }) => msg.includes('another process'))).toBe(false);
});
