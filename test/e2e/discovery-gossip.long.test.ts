/** Real processes that find each other by multicast, each in a network namespace of its own; one more is hostile. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NodeProcess, type NodeProcesses, nodeProcesses } from './discovery-nodes.ts';
import { type Network, namespacesMissing, network } from './namespaces.ts';
import { pause, until } from './picket.ts';

const storyMs = 240_000;
const aloneMs = 3_000;
const floodMs = 5_000;
const hostileHost = 6;
const group = '239.255.80.73';

let hosts: Network;
let nodes: NodeProcesses;
let hostile: ChildProcess | null = null;

const title = `gossip${namespacesMissing === null ? '' : ` (skipped: ${namespacesMissing})`}`;
describe.skipIf(namespacesMissing !== null)(title, () => {
  beforeEach(async () => {
    hosts = network(hostileHost);
    nodes = await nodeProcesses();
  });
  afterEach(async () => {
    hostile?.kill('SIGKILL');
    hostile = null;
    await nodes?.close();
    hosts?.close();
  });

  const start = (name: string, host: number) => {
    const at = `10.80.0.${host}`;
    const flags = ['--discovery', 'gossip', '--gossip-interface', at];
    return nodes.start(name, `${at}:7400`, flags, { within: hosts.on(host) });
  };
  const alone = (node: NodeProcess) =>
    until(`${node.name} to be alone`, 30_000, () => node.sees().length === 0);

  test('forms a cluster, heals it after a cut network, and after a lost interface', {
    timeout: storyMs,
  }, async () => {
    const first = await start('poller_1', 1);
    const second = await start('agent_1', 2);
    const third = await start('poller_2', 3);
    await nodes.full([first, second, third]);

    hosts.cut();
    for (const node of [first, second, third]) await alone(node);
    const fourth = await start('agent_2', 4);
    await pause(aloneMs);
    expect(fourth.sees()).toEqual([]);
    hosts.mend();
    await nodes.full([first, second, third, fourth]);

    hosts.unplug(2);
    await nodes.full([first, third, fourth]);
    await until('the log of it', 30_000, () =>
      second.log().some(({ msg }) => msg.startsWith('discovery fails')),
    );
    hosts.plug(2);
    await nodes.full([first, second, third, fourth]);
    await until('the log of its return', 60_000, () =>
      second.log().some(({ msg }) => msg === 'discovery works again'),
    );
    const fifth = await start('poller_3', 5);
    await nodes.full([first, second, third, fourth, fifth]);
    expect(second.log().filter(({ msg }) => msg.startsWith('discovery fails'))).toHaveLength(1);
  });

  test('works on IPv6 as well', { timeout: storyMs }, async () => {
    const flags = [
      '--discovery',
      'gossip',
      '--gossip-group',
      '[ff02::7401]:7401',
      '--gossip-interface',
      '::%eth0',
    ];
    const on = async (name: string, host: number) =>
      await nodes.start(name, '[::]:7400', [...flags, '--advertise', `[fd80::${host}]:7400`], {
        within: hosts.on(host),
      });
    await nodes.full([await on('poller_1', 1), await on('agent_1', 2), await on('poller_2', 3)]);
  });

  test('under a flood of garbage, and of packets as they should be, forms a cluster all the same', {
    timeout: storyMs,
  }, async () => {
    hostile = flood(hosts.on(hostileHost));
    const first = await start('poller_1', 1);
    const second = await start('agent_1', 2);
    await nodes.full([first, second, await start('poller_2', 3)]);
    const before = memoryOf(first);
    await pause(floodMs);
    expect(hostile.exitCode).toBe(null);
    // What a flood leaves behind is bounded: a few addresses, a few lines.
    expect(memoryOf(first) - before).toBeLessThan(64 * 1024 * 1024);
    const said = first.log().filter(({ msg }) => msg.includes('discovery'));
    expect(said.length).toBeLessThan(20);
    for (const { addresses } of said) expect(addresses ?? 0).toBeLessThanOrEqual(3 + 16);
    hostile.kill('SIGKILL');
    await once(hostile, 'exit');
    await nodes.full([first, second, await start('poller_2', 4)]);
  });
});

/** Bytes that the process has in memory. */
function memoryOf({ child }: NodeProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024;
}

/** 64 KiB of chance and thousands of announcements in the cluster's own name, as fast as a socket takes them. */
function flood(within: readonly string[]): ChildProcess {
  const program = `
    const { createHash, randomBytes } = require('node:crypto');
    const tag = createHash('sha256').update('picket gossip discovery.test').digest('hex').slice(0, 16);
    const socket = require('node:dgram').createSocket('udp4');
    socket.bind(0, () => {
      socket.setMulticastInterface('10.80.0.${hostileHost}');
      let port = 1;
      const again = () => {
        for (let count = 0; count < 20; count += 1) {
          port = (port % 65535) + 1;
          socket.send('picket1 here ' + tag + ' 0badf00d ' + port, 7401, '${group}', () => {});
        }
        socket.send(randomBytes(65000), 7401, '${group}', () => setTimeout(again, 5));
      };
      again();
    });`;
  const [command, ...rest] = [...within, process.execPath, '-e', program];
  return spawn(command!, rest, { stdio: 'ignore' });
}
